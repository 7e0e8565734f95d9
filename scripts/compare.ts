/**
 * `bun scripts/compare.ts OLD NEW [--db postgres://…] [--only GROUP] [--out DIR]`: runs the same commands with two
 * binaries, each in surroundings of its own, and prints every difference of what they say, write and store. With --db the
 * bus of both is on that server, each in a schema of its own. Exits 1 where there are differences.
 *
 * A group of commands that differs is run again, up to `--attempts` times: what differs each time counts, what does not is
 * named as unsteady.
 */
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { notCovered } from "./compare/coverage";
import { type Difference, differences, shown } from "./compare/differences";
import { type Group, groups } from "./compare/groups";
import { serverSchema } from "./compare/server";
import { type Entry, Stage } from "./compare/stage";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    db: { type: "string" },
    only: { type: "string", multiple: true },
    out: { type: "string" },
    attempts: { type: "string", default: "3" },
  },
});
const [oldPath, newPath] = positionals;
if (!oldPath || !newPath) throw new Error("usage: bun scripts/compare.ts OLD NEW [--db URL]");

const base = realpathSync(mkdtempSync(join(tmpdir(), "parley-compare-")));
// Every path of one side is as long as that of the other.
const sides = (["old", "new"] as const).map((name, index) => {
  const directory = join(base, name);
  mkdirSync(directory);
  const binary = join(directory, "parley");
  copyFileSync([oldPath, newPath][index]!, binary);
  const { stdout } = Bun.spawnSync([binary, "--version", "--json"]);
  const { commit } = JSON.parse(stdout.toString()).data as { commit: string | null };
  // A build outside of a repository has a word there.
  const isHash = commit !== null && /^[0-9a-f]{7,}/.test(commit);
  const literals = { [directory]: "side", ...(isHash && { [commit]: "commit" }) };
  return { name, directory, binary, literals };
});

/** Stories that are being told. */
const open = new Set<Stage>();

async function leave(): Promise<void> {
  await Promise.allSettled([...open].map((stage) => stage.end()));
  rmSync(base, { recursive: true, force: true });
}
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void leave().finally(() => process.exit(1)));

interface Played {
  entries: Entry[];
  commands: string[][];
  /** How many digits each process id has, which moves columns. */
  widths: string;
}

/** One story with one binary. */
async function played(group: Group, index: 0 | 1, attempt: number): Promise<Played> {
  const { name, directory, binary, literals } = sides[index]!;
  const run = `${process.pid}_${groups.indexOf(group)}_${attempt}`;
  const server = values.db ? serverSchema(values.db, `parley_compare_${name}_${run}`) : null;
  const stage = new Stage(join(directory, `${group.name}-${attempt}`), binary, literals, server);
  open.add(stage);
  try {
    await group.play(stage);
    await stage.database();
    stage.files();
    const widths = [...stage.actors.values()].map(({ pid }) => String(pid).length).join();
    return { entries: stage.entries, commands: stage.commands, widths };
  } finally {
    await stage.end();
    open.delete(stage);
  }
}

const used: string[][] = [];
let commands = 0;

/** Both sides at once, and what differs. Where chance gave them ids of other lengths, once more. */
async function compared(group: Group, attempt: number): Promise<Difference[]> {
  const [one, other] = await Promise.all([played(group, 0, attempt), played(group, 1, attempt)]);
  if (one.widths !== other.widths && attempt < 90) return compared(group, attempt + 10);
  if (values.out) {
    for (const [index, { entries }] of [one, other].entries())
      write(join(values.out, sides[index]!.name), group.name, entries);
  }
  if (attempt % 10 === 0) {
    used.push(...one.commands);
    commands += one.commands.length;
  }
  return differences(one.entries, other.entries);
}

function write(directory: string, name: string, entries: readonly Entry[]): void {
  mkdirSync(directory, { recursive: true });
  const text = entries.map(({ label, parts }) =>
    [`== ${label}`, ...Object.entries(parts).map(([part, said]) => `-- ${part}\n${said}`)].join(
      "\n",
    ),
  );
  writeFileSync(join(directory, `${name}.txt`), `${text.join("\n")}\n`);
}

let count = 0;
let unsteady = 0;

async function report(group: Group): Promise<void> {
  const started = performance.now();
  let found = await compared(group, 0);
  const first = found;
  for (let attempt = 1; found.length > 0 && attempt < Number(values.attempts); attempt++) {
    const again = new Set((await compared(group, attempt)).map(({ key }) => key));
    found = found.filter(({ key }) => again.has(key));
  }
  const chance = first.filter((each) => !found.includes(each));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${group.name.padEnd(16)} ${found.length} differences  ${seconds} s`);
  for (const each of found) console.log(shown(each));
  for (const each of chance) console.log(`unsteady: ${shown(each)}`);
  count += found.length;
  unsteady += chance.length;
}

try {
  const chosen = groups.filter(
    ({ name, only }) =>
      (!values.only || values.only.includes(name)) && only !== (values.db ? "file" : "server"),
  );
  for (const group of chosen) await report(group);
  console.log(`${commands} commands, ${count} differences, ${unsteady} unsteady`);
  const missing = values.only ? [] : notCovered(sides[0]!.binary, used);
  if (missing.length > 0) console.log(`not covered: ${missing.join(", ")}`);
} finally {
  await leave();
}
process.exitCode = count > 0 ? 1 : 0;
