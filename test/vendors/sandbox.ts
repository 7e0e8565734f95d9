/** An empty home, a working directory, and the real clients with fake models. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import { binary } from "../support";
import type { Client, Vendor } from "./drivers/driver";
import { openTerminal, type Screen } from "./drivers/terminal";
import { startModel, type Body, type Model } from "./model/model";

export interface Outcome {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export class Sandbox implements AsyncDisposable {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "parley-vendors-")));
  readonly home = join(this.root, "home");
  /** Where the clients work. */
  readonly work = join(this.root, "work");
  /** First on the PATH: `parley` and the clients under the names that users call them by. */
  readonly bin = join(this.root, "bin");
  readonly #models = new Map<string, Model>();
  readonly #running: { kill(): Promise<void> }[] = [];

  constructor(readonly vendors: readonly Vendor[]) {
    for (const each of ["home", "work", "bin", "tmp"]) mkdirSync(join(this.root, each));
    symlinkSync(binary, join(this.bin, "parley"));
    for (const vendor of vendors) {
      const model = startModel(vendor.dialect);
      this.#models.set(vendor.name, model);
      symlinkSync(vendor.program, join(this.bin, vendor.name));
      const interpreter = join(this.bin, "node");
      if (vendor.interpreter && !existsSync(interpreter))
        symlinkSync(vendor.interpreter, interpreter);
      vendor.configure(this.home, this.work, model.url);
    }
  }

  model(vendor: Vendor): Model {
    return this.#models.get(vendor.name)!;
  }

  /** The environment of a user who has nothing else. The home is not below TMPDIR, where Codex would distrust it. */
  env(extra: Record<string, string> = {}): Record<string, string> {
    return {
      HOME: this.home,
      TMPDIR: join(this.root, "tmp"),
      PATH: `${this.bin}:/usr/bin:/bin`,
      LANG: "C.UTF-8",
      SHELL: "/bin/bash",
      TERM: "xterm-256color",
      ...extra,
    };
  }

  file(name: string, text?: string): string {
    const path = join(this.work, name);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  }

  async run(command: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
    const child = Bun.spawn([...command], {
      cwd: this.work,
      env: this.env(env),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 60_000,
    });
    const [stdout, stderr, exitCode] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { stdout, stderr, exitCode };
  }

  /** What a user does once: `parley setup`, and consenting to the hooks where the client asks for that. */
  async setUp(): Promise<void> {
    const names = this.vendors.map(({ name }) => name);
    const { exitCode, stderr } = await this.parley("setup", ...names);
    if (exitCode !== 0) throw new Error(`setup failed:\n${stderr}`);
    for (const vendor of this.vendors) await vendor.trust(this);
  }

  /** The answer of a verb, as the operator. */
  async ask(...args: string[]): Promise<Body> {
    const { stdout, stderr } = await this.parley(...args, "--as", "operator", "--json");
    const { data } = JSON.parse(stdout || stderr);
    return data;
  }

  parley(...args: string[]): Promise<Outcome> {
    return this.run([join(this.bin, "parley"), ...args]);
  }

  /** Starts a client for one prompt, without a terminal. */
  start(vendor: Vendor, prompt: string): Client {
    const child = Bun.spawn([join(this.bin, vendor.name), ...vendor.headless(prompt)], {
      cwd: this.work,
      env: this.env(vendor.env(this.model(vendor).url)),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 240_000,
      // A client that starts itself again is killed as a whole.
      detached: true,
    });
    const ended = Promise.all([child.stdout.text(), child.stderr.text(), child.exited]).then(
      ([stdout, stderr, exitCode]) => ({ stdout, stderr, exitCode }),
    );
    const client = {
      pid: child.pid,
      ended,
      kill: async () => {
        if (child.exitCode === null) process.kill(-child.pid, "SIGKILL");
        await child.exited;
      },
    };
    this.#running.push(client);
    return client;
  }

  /** Runs a client for one prompt, until it has answered. */
  async prompt(vendor: Vendor, prompt: string): Promise<Outcome> {
    return this.start(vendor, prompt).ended;
  }

  /** Starts a client as a user at a terminal does, and waits until it takes a prompt. */
  async terminal(vendor: Vendor, args: readonly string[] = []): Promise<Screen> {
    const screen = await openTerminal(
      [join(this.bin, vendor.name), ...vendor.interactive, ...args],
      {
        cwd: this.work,
        env: this.env(vendor.env(this.model(vendor).url)),
      },
    );
    this.#running.push(screen);
    await vendor.ready(screen);
    return screen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#running.map((each) => each.kill()));
    await endLeftovers(this.root);
    for (const model of this.#models.values()) model[Symbol.dispose]();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Ends what clients leave running, such as Codex's daemon: every process whose HOME is in this sandbox. */
async function endLeftovers(root: string): Promise<void> {
  const mark = `HOME=${join(root, "home")}\0`;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark))
        process.kill(Number(pid), 9);
    } catch {
      // It has ended meanwhile.
    }
  }
  await Bun.sleep(50);
}

/** Every file below a directory: its mode, and its content or target; directories with their mode. */
export function snapshot(dir: string, except: readonly string[] = []): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(dir, path);
    if (except.some((each) => name === each || name.startsWith(`${each}/`))) continue;
    if (entry.isSymbolicLink()) found[name] = `-> ${readlinkSync(path)}`;
    else {
      const mode = (statSync(path).mode & 0o7777).toString(8);
      found[name] = entry.isFile() ? `${mode} ${readFileSync(path, "latin1")}` : mode;
    }
  }
  return found;
}
