/** Runs the built binary for stories: in a home of its own, below stand-ins for agents. */
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
import { join } from "node:path";

import type { CommandRequest, Outcome } from "./agent";
import { freshSchema, isOnServer } from "./server";

/** The binary under test. */
export const binary = process.env["PARLEY_TEST_BINARY"] ?? join(import.meta.dir, "../dist/parley");

/** A user other than root. Only root can run as that user, and only where it reaches the directory for temporary files. */
export const nobody = 65_534;
export const canBeNobody =
  process.getuid?.() === 0 &&
  Bun.which("setpriv") !== null &&
  Bun.spawnSync(["setpriv", "--reuid", `${nobody}`, "--clear-groups", "test", "-x", tmpdir()])
    .exitCode === 0;

export interface RunOptions {
  /** Added to the clean environment; undefined takes a variable out of it. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** For stdin; without it stdin is the null device. */
  input?: string | Uint8Array;
}

export interface Run extends Outcome {
  /** The one line of JSON that stdout must be. */
  // oxlint-disable-next-line typescript/no-explicit-any -- stories assert on parts of it
  json(): any;
}

export interface Agent {
  readonly pid: number;
  /** Runs a command as the agent's own child; `parley` is found on its PATH. */
  run(args: string[], options?: RunOptions): Promise<Run>;
  /** Sends a signal; for one that ends the process, waits until it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface AgentOptions {
  /** Working directory of the agent and, by default, of its commands. */
  cwd?: string;
  /** Of the agent; its commands inherit it. */
  env?: Record<string, string>;
  /** Arguments of the agent, such as `app-server`. */
  args?: string[];
}

export interface Sandbox extends AsyncDisposable {
  readonly home: string;
  /** A directory to work in, beside the home. */
  readonly dir: string;
  /** First on the PATH; holds `parley`, and other names that a story links to it. */
  readonly bin: string;
  /** The environment of every command. */
  readonly env: Readonly<Record<string, string>>;
  /** The default path of the database. */
  readonly db: string;
  /** Runs the binary as a human at a terminal would: below a process that is no agent, always the same one. */
  parley(args: string[], options?: RunOptions): Promise<Run>;
  /**
   * Starts a process that looks like this vendor's agent. Only it and init are ancestors of its commands, even where the
   * tests run below an agent.
   */
  startAgent(vendor: string, options?: AgentOptions): Promise<Agent>;
  /** Ends the agents and removes the directories. */
  cleanup(): Promise<void>;
}

export function sandbox(): Sandbox {
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run \`bun run build\` first`);
  const root = realpathSync(mkdtempSync(join(tmpdir(), "parley-test-")));
  const [home, dir, bin] = [join(root, "home"), join(root, "work"), join(root, "bin")];
  for (const each of [home, dir, bin]) mkdirSync(each);
  symlinkSync(binary, join(bin, "parley"));
  const schema = isOnServer() ? freshSchema() : null;
  const base = {
    HOME: home,
    PATH: `${bin}:/usr/bin:/bin`,
    ...(schema ? { PARLEY_DB: schema.url } : {}),
  };

  const started: Promise<Agent>[] = [];
  const startAgent = (vendor: string, options: AgentOptions = {}): Promise<Agent> => {
    const agent = launch(mkdtempSync(join(root, "agent-")), vendor, { cwd: dir, ...options }, base);
    started.push(agent);
    return agent;
  };
  let desk: Promise<Agent> | undefined;
  const cleanup = async (): Promise<void> => {
    await Promise.allSettled(started.map(async (agent) => (await agent).kill()));
    rmSync(root, { recursive: true, force: true });
    await schema?.drop();
  };
  return {
    home,
    dir,
    bin,
    env: base,
    db: join(home, ".local/share/parley/messaging.db"),
    parley: async (args, options) => {
      desk ??= startAgent("desk");
      return (await desk).run(["parley", ...args], options);
    },
    startAgent,
    cleanup,
    [Symbol.asyncDispose]: cleanup,
  };
}

/** Starts a stand-in named `vendor` from a shell that ends at once, which leaves it to init. */
async function launch(
  directory: string,
  vendor: string,
  { cwd, env = {}, args = [] }: AgentOptions & { cwd: string },
  base: Record<string, string>,
): Promise<Agent> {
  const program = join(directory, vendor);
  const socket = join(directory, "socket");
  const log = join(directory, "log");
  symlinkSync(process.execPath, program);
  const own = { ...base, ...env };
  // The background shell becomes the stand-in, so `$!` is its pid.
  const shell = Bun.spawn(
    [
      ...["/bin/sh", "-c", 'log=$1; shift; exec "$@" </dev/null >"$log" 2>&1 & echo $!', "sh", log],
      ...[program, join(import.meta.dir, "agent.ts"), ...args],
    ],
    {
      cwd: directory,
      env: { ...own, AGENT_SOCKET: socket, AGENT_OWNER: String(process.pid), AGENT_CWD: cwd },
      stdin: "ignore",
      stdout: "pipe",
      // A session of its own: the terminal that the tests run in is not the agent's.
      detached: true,
    },
  );
  const pid = Number(await shell.stdout.text());
  await until(
    () => existsSync(`${socket}.ready`),
    () => `the stand-in for ${vendor} does not listen: ${readFileSync(log, "utf8")}`,
  );

  return {
    pid,
    run: async (command, options = {}) => {
      const request: CommandRequest = {
        command,
        cwd: options.cwd ?? cwd,
        env: merge(own, options.env),
        input: options.input === undefined ? null : Buffer.from(options.input).toString("base64"),
      };
      const response = await fetch("http://stand-in", {
        unix: socket,
        method: "POST",
        body: JSON.stringify(request),
        keepalive: false,
      });
      return describe((await response.json()) as Outcome);
    },
    kill: async (signal = "SIGKILL") => {
      if (!isRunning(pid)) return;
      process.kill(pid, signal);
      if (signal === "SIGCONT") return;
      const isStop = signal === "SIGSTOP";
      await until(
        () => (isStop ? isStopped(pid) : !isRunning(pid)),
        () => `${vendor} (${pid}) does not ${isStop ? "stop" : "end"}`,
      );
    },
  };
}

function merge(
  base: Record<string, string>,
  added: Record<string, string | undefined> = {},
): Record<string, string> {
  const entries = Object.entries({ ...base, ...added });
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function describe(outcome: Outcome): Run {
  return {
    ...outcome,
    json: () => {
      const lines = outcome.stdout.split("\n");
      if (lines.length === 2 && lines[1] === "") return JSON.parse(lines[0]!);
      throw new Error(
        `not one line of JSON (exit ${outcome.exitCode}):\n${outcome.stdout}${outcome.stderr}`,
      );
    },
  };
}

/** A process that ended but was not collected by its parent still answers signals. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== "linux") return true;
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

/** On a busy machine a signal takes its time. */
const isStopped = (pid: number): boolean =>
  process.platform !== "linux" || /\) T /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));

async function until(condition: () => boolean, failure: () => string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(failure());
    await Bun.sleep(2);
  }
}
