/** The surroundings of one binary in one story: a home, a project, a database, actors, and a record of what happened. */
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { type Actor, startActor } from "./actor";
import type { Outcome } from "./agent";
import { databaseRows, filePicture, sqliteSchema } from "./picture";
import { Normaliser } from "./normalise";
import type { ServerSchema } from "./server";

/** One thing that is compared: what a command said, or how something looks afterwards. */
export interface Entry {
  label: string;
  parts: Record<string, string>;
}

export interface Command {
  program: string[];
  env?: Record<string, string>;
  cwd?: string;
  input?: string | null;
  dialogue?: string[] | null;
  columns?: number | null;
  endless?: boolean;
  seconds?: number;
}

/** The earlier names of commands. */
const earlierNames = [
  ...["session-register", "session-status", "session-message", "session-conflicts"],
  ...["session-rescue", "session-log", "orient", "cxq"],
];

export class Stage {
  readonly home: string;
  readonly work: string;
  readonly bin: string;
  readonly db: string;
  readonly env: Record<string, string>;
  readonly actors = new Map<string, Actor>();
  readonly entries: Entry[] = [];
  readonly normaliser = new Normaliser();
  /** The words of every command of parley, behind its name. */
  readonly commands: string[][] = [];
  /** Id of the message that an answer named last. */
  lastId = "";

  constructor(
    readonly root: string,
    binary: string,
    literals: Readonly<Record<string, string>>,
    readonly server: ServerSchema | null,
  ) {
    this.home = join(root, "home");
    this.work = join(root, "work");
    this.bin = join(root, "bin");
    for (const each of [this.home, this.work, this.bin]) mkdirSync(each, { recursive: true });
    symlinkSync(binary, join(this.bin, "parley"));
    for (const name of earlierNames) symlinkSync(binary, join(this.bin, name));
    this.db = server?.url ?? join(this.home, ".local/share/parley/messaging.db");
    this.env = {
      HOME: this.home,
      PATH: `${this.bin}:/usr/bin:/bin`,
      ...(server && { PARLEY_DB: server.url }),
    };
    const { normaliser } = this;
    if (server) {
      normaliser.literal(server.schema, "schema");
      // The command or the heartbeat process of its session tells of it, whichever is first.
      normaliser.alike(/\b(?:exited with \d+|process exited)\b/g, "exited");
    }
    normaliser.literal(root, "root");
    for (const [text, name] of Object.entries(literals)) normaliser.literal(text, name);
  }

  /** A fake agent whose program is called `vendor`. One that is none, `desk`, is what a human's shell looks like. */
  async start(
    name: string,
    vendor = name.replace(/\d+$/, ""),
    options: { cwd?: string; env?: Record<string, string>; args?: string[] } = {},
  ): Promise<Actor> {
    const actor = await startActor(join(this.root, "agents", name), name, vendor, {
      cwd: options.cwd ?? this.work,
      env: { ...this.env, ...options.env },
      args: options.args ?? [],
    });
    this.normaliser.pid(actor.pid, name);
    this.actors.set(name, actor);
    return actor;
  }

  /** Runs a command, and keeps what it said where it was begun. */
  async run(by: string, label: string, command: Command): Promise<Outcome> {
    const entry: Entry = { label, parts: {} };
    this.entries.push(entry);
    const at = command.program.indexOf("parley");
    if (at >= 0) this.commands.push(command.program.slice(at + 1));
    const actor = this.actors.get(by) ?? (await this.start(by));
    const outcome = await actor.run({
      command: command.program,
      cwd: command.cwd ?? actor.cwd,
      env: { ...actor.env, ...command.env },
      input: command.input ?? null,
      dialogue: command.dialogue ?? null,
      columns: command.columns ?? null,
      endless: command.endless ?? false,
      seconds: command.seconds ?? 25,
    });
    entry.parts["exit code"] = String(outcome.exitCode);
    entry.parts["stdout"] = this.#readable(outcome.stdout);
    entry.parts["stderr"] = this.normaliser.text(outcome.stderr);
    this.lastId =
      [...outcome.stdout.matchAll(/"id":(\d+)|#(\d+)/g)].at(-1)?.slice(1).join("") ?? "";
    return outcome;
  }

  /** Lines of JSON are spread out; one that another writer would have written differently says so. */
  #readable(stdout: string): string {
    const lines = stdout.split("\n").map((line) => {
      if (!line.startsWith("{")) return this.normaliser.text(line);
      try {
        const value = JSON.parse(line);
        const odd = JSON.stringify(value) === line ? "" : " (not as JSON.stringify writes it)";
        return this.normaliser.json(value) + odd;
      } catch {
        return this.normaliser.text(line);
      }
    });
    return lines.join("\n");
  }

  /** Keeps every file of home and project, or of those below one of its directories. */
  files(below = "."): void {
    const picture = filePicture(join(this.root, below), ["agents", "bin"]);
    const text = picture.map((line) => this.normaliser.text(line)).join("\n");
    this.entries.push({ label: `files (${below})`, parts: { files: text } });
  }

  /** Keeps schema and rows of the bus, or of another database. */
  async database(path = this.db): Promise<void> {
    const isServer = this.server !== null && path === this.db;
    if (!isServer && !existsSync(path)) return;
    const schema = isServer ? await this.server!.dump() : sqliteSchema(path);
    const rows = isServer ? await this.server!.rows() : databaseRows(path);
    const parts: Record<string, string> = { schema: this.normaliser.text(schema) };
    // Sorted by what is the same on both sides: the order of ids that hold a pid is chance.
    for (const [table, found] of Object.entries(rows)) {
      const masked = found.map((row) => [mask(JSON.stringify(row)), row] as const);
      parts[table] = masked
        .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
        .map(([, row]) => this.normaliser.json(row).replaceAll("\n", ""))
        .join("\n");
    }
    this.entries.push({ label: `database (${this.normaliser.text(path)})`, parts });
  }

  /** Puts a file below the root of the stage, and its directories. */
  write(path: string, text: string, mode = 0o644): void {
    const whole = path.startsWith("/") ? path : join(this.root, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text);
    chmodSync(whole, mode);
  }

  /** Fake programs on the PATH: each answers a version and notes what else it is called with. */
  programs(...names: string[]): void {
    for (const name of names) {
      const log = join(this.home, `${name}.log`);
      const script = `#!/bin/sh\n[ "$1" = --version ] && echo "${name} 1.2.3" && exit\nprintf '%s\\n' "$*" >>"${log}"\n`;
      this.write(`bin/${name}`, script, 0o755);
    }
  }

  async end(): Promise<void> {
    await Promise.allSettled([...this.actors.values()].map((actor) => actor.signal("SIGKILL")));
    await this.server?.drop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A row without what is another in each run. */
const mask = (text: string): string =>
  text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "").replace(/\d{4,}/g, "");
