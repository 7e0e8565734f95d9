/** Starts trees of real processes under the names of agents. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { Agent, AgentRequest, CallerEvidence } from "../../src/bus/identity";

export interface Report {
  agent: Agent;
  callerEvidence: CallerEvidence;
}

export interface Outcome {
  reports: Report[];
  /** Pids of the fake programs by name, in the order of their start. */
  pids: Record<string, number[]>;
}

const bun = process.execPath;
const fakeProgramScript = join(import.meta.dir, "fake-program.ts");
const reportScript = join(import.meta.dir, "report.ts");

/** A one-shot shell around the command that follows; `true` keeps it from replacing itself by that command. */
export const oneShot = ["sh", "-c", 'cd / && "$@"; true', "sh"];

/** The processes of one test: programs under given names, with init alone above them. */
export class ProcessTree {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), "parley-identity-")));
  readonly notes = join(this.directory, "notes");
  readonly reports = join(this.directory, "reports");

  /** A program of that name (or path below the directory) that runs the command which follows. */
  fakeProgram(name: string, ...options: string[]): string[] {
    return [this.program(name), fakeProgramScript, ...options, "::"];
  }

  /** An interpreter of that name, which runs the fake program as that script. */
  interpreted(interpreter: string, script: string): string[] {
    const path = join(this.directory, script);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(fakeProgramScript, path);
    return [this.program(interpreter), "--preserve-symlinks-main", path, "::"];
  }

  /** The command that reports what it sees. */
  report(request: AgentRequest = {}): string[] {
    return [bun, reportScript, this.reports, JSON.stringify(request)];
  }

  /** Runs a command with no living parent, until it made that many reports. */
  async run(
    command: string[],
    { env = {}, count = 1 }: { env?: Record<string, string>; count?: number } = {},
  ) {
    const detached = [
      "sh",
      "-c",
      '"$@" </dev/null >/dev/null 2>"$FAKE_PROGRAM_NOTES.err" & exit 0',
      "sh",
      ...command,
    ];
    Bun.spawnSync(detached, {
      cwd: this.directory,
      env: {
        PATH: process.env["PATH"],
        HOME: this.directory,
        FAKE_PROGRAM_NOTES: this.notes,
        ...env,
      },
    });
    const deadline = performance.now() + 20_000;
    while (this.lines(this.reports).length < count) {
      if (performance.now() > deadline)
        throw new Error(`no report: ${this.lines(`${this.notes}.err`).join("\n")}`);
      await Bun.sleep(10);
    }
    const pids: Outcome["pids"] = {};
    for (const line of this.lines(this.notes)) {
      const [name = "", pid] = line.split(" ");
      (pids[name] ??= []).push(Number(pid));
    }
    const reports = this.lines(this.reports).map((line) => JSON.parse(line) as Report);
    return { reports, pids } satisfies Outcome;
  }

  [Symbol.dispose]() {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private program(name: string): string {
    const path = join(this.directory, "bin", name);
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) symlinkSync(bun, path);
    return path;
  }

  private lines(file: string): string[] {
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  }
}
