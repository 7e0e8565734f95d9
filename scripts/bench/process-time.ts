/** Times whole processes beside a reference command, and prints the table. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { percentile } from "./numbers";
import { bareTable, type Schema } from "./sandbox";

/** A command that is timed as a whole process. */
export interface Subject {
  name: string;
  command: string[];
  /** Milliseconds, in the order they were taken. */
  samples: number[];
}

export const subject = (name: string, command: string[]): Subject => ({
  name,
  command,
  samples: [],
});

/** The home of every command that runs in a directory. */
export function homeIn(directory: string): string {
  const home = join(directory, "home");
  mkdirSync(home, { recursive: true });
  return home;
}

/**
 * Copies the binary as an installation does: how the page cache holds the file depends on how it was written, and makes
 * up to 2 ms of a start.
 */
export function installed(directory: string, binary: string): string {
  const copy = join(directory, "parley");
  copyFileSync(binary, copy);
  return copy;
}

/** The yardstick, a `sqlite3` shell that inserts a row into a WAL database; null where there is none. */
export function reference(directory: string): Subject | null {
  const shell = Bun.which("sqlite3");
  if (!shell) {
    console.log("sqlite3 is absent: no ratios");
    return null;
  }
  const database = join(directory, "reference.db");
  once(directory, [shell, database, "pragma journal_mode = wal; create table t (a)"]);
  return subject(yardstick, [shell, database, "insert into t values ('hello')"]);
}

const yardstick = "sqlite3 insert";
const yardstickOnServer = "psql insert";

/** The yardstick on a server, a `psql` that inserts a row; null where there is none. */
export function psql({ server, schema }: Schema): Subject | null {
  // Debian's command in the PATH is a script that looks for the program.
  const [debians] = [...new Bun.Glob("/usr/lib/postgresql/*/bin/psql").scanSync("/")].toSorted();
  const shell = debians ?? Bun.which("psql");
  if (!shell) {
    console.log("psql is absent: no ratios");
    return null;
  }
  const insert = `insert into ${schema}.${bareTable}(payload) values ('hello')`;
  return subject(yardstickOnServer, [shell, "-Xq", server, "-c", insert]);
}

/** An empty program: the cost of Bun itself. */
export async function empty(directory: string): Promise<Subject> {
  const source = join(directory, "empty.ts");
  const outfile = join(directory, "empty");
  writeFileSync(source, "");
  await Bun.build({ entrypoints: [source], compile: { outfile }, bytecode: true, format: "esm" });
  return subject("empty Bun binary", [outfile]);
}

/** Runs a command once, with stdin as given, and returns its output. Throws where it fails. */
export function once(
  directory: string,
  [program = "", ...args]: readonly string[],
  { input = "", env = {} }: { input?: string; env?: Record<string, string> } = {},
): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: directory,
    env: { HOME: homeIn(directory), PATH: "/usr/bin:/bin", ...env },
    encoding: "utf8",
    input,
  });
  if (status !== 0) {
    throw new Error(`${program} ${args.join(" ")} exited with ${status}:\n${stdout}${stderr}`);
  }
  return stdout;
}

/** Prints a table: p50, p99, and p50 as a multiple of the yardstick's. */
export function print(subjects: readonly Subject[]): void {
  const base = subjects.find(({ name }) => [yardstick, yardstickOnServer].includes(name));
  const width = Math.max(18, ...subjects.map(({ name }) => name.length + 2));
  console.log(
    `${"".padEnd(width)}${"p50 ms".padStart(9)}${"p99 ms".padStart(9)}${"ratio".padStart(8)}`,
  );
  for (const { name, samples } of subjects) {
    const p50 = percentile(samples, 0.5);
    const ratio = base ? (p50 / percentile(base.samples, 0.5)).toFixed(2) : "–";
    const p99 = percentile(samples, 0.99);
    console.log(
      name.padEnd(width) +
        p50.toFixed(2).padStart(9) +
        p99.toFixed(2).padStart(9) +
        ratio.padStart(8),
    );
  }
}

/** Writes every sample, in the order they were taken. */
export function save(out: string, runs: number, subjects: readonly Subject[]): void {
  const samples = Object.fromEntries(subjects.map((each) => [each.name, each.samples]));
  writeFileSync(out, `${JSON.stringify({ unit: "ms", runs, samples })}\n`);
}
