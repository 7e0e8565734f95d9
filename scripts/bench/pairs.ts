/**
 * Two binaries as whole processes in pairs, A B B A and so on, each in a home of its own, and the ratio of what they cost.
 * CPU time stands beside wall time, since other processes of the machine disturb it less.
 */
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { percentile } from "./numbers";
import { homeIn } from "./process-time";

/** Where one of the binaries stands and works. */
export interface Side {
  place: string;
  home: string;
  binary: string;
}

/** A command that both are timed with. */
export interface Row {
  name: string;
  command(side: Side): string[];
  input?(side: Side): string;
  /** Added to the environment. */
  env?: Record<string, string>;
  /** Done before each run of it, and not timed. */
  prepare?(side: Side): void;
  /** Throws where the output is not what was to be measured. */
  check?(stdout: string): void;
}

interface Cost {
  wall: number;
  cpu: number;
}

type Costs = [old: Cost[], now: Cost[]];

const warmUp = 5;
/** Pairs between two copies: in what pieces the page cache holds a file is chance, and makes up to 2 ms of a start. */
const copyEvery = 20;
const limit = 1.03;

/** Milliseconds of one run. Throws where it fails. */
function timed({ place, home }: Side, command: string[], row?: Row, input = ""): Cost {
  const started = performance.now();
  const { exitCode, stdout, stderr, resourceUsage } = Bun.spawnSync(command, {
    cwd: place,
    env: { HOME: home, PATH: "/usr/bin:/bin", ...row?.env },
    stdin: Buffer.from(input),
  });
  const wall = performance.now() - started;
  if (exitCode !== 0)
    throw new Error(`${command.join(" ")} exited with ${exitCode}:\n${stdout}${stderr}`);
  row?.check?.(stdout.toString());
  return { wall, cpu: Number(resourceUsage.cpuTime.total) / 1000 };
}

/** A new file in the place of the last copy, read once. */
function copied(side: Side, binary: string): void {
  const next = `${side.binary}.next`;
  copyFileSync(binary, next);
  renameSync(next, side.binary);
  timed(side, [side.binary, "--version"]);
}

/** Measures and prints. `begin` prepares each side before the first run. */
export async function comparePairs(
  binaries: readonly [old: string, now: string],
  pairs: number,
  rows: readonly Row[],
  begin: (side: Side) => void = () => {},
): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), "parley-bench-"));
  try {
    // Of equal length, since paths are read and written.
    const sides = ["old", "new"].map((name) => {
      const place = join(base, name);
      mkdirSync(place);
      return { place, home: homeIn(place), binary: join(place, "parley") };
    });
    const costs = new Map<string, Costs>(rows.map(({ name }) => [name, [[], []]]));
    for (let pair = -warmUp; pair < pairs; pair++) {
      const order = pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
      if (pair === -warmUp || pair % copyEvery === 0)
        for (const each of order) copied(sides[each]!, binaries[each]);
      if (pair === -warmUp) for (const side of sides) begin(side);
      for (const row of rows) {
        for (const each of order) {
          const side = sides[each]!;
          row.prepare?.(side);
          const cost = timed(side, row.command(side), row, row.input?.(side));
          if (pair >= 0) costs.get(row.name)![each].push(cost);
        }
      }
    }
    print(costs);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

const titles = [
  "",
  "old p50",
  "new p50",
  "ratio",
  "old p99",
  "new p99",
  "old CPU",
  "new CPU",
  "ratio",
];

function print(costs: ReadonlyMap<string, Costs>): void {
  const width = Math.max(...[...costs.keys()].map((name) => name.length)) + 2;
  const line = (cells: readonly string[]): string =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(width) : cell.padStart(9))).join("");
  console.log(line(titles));
  const slower: string[] = [];
  for (const [name, [old, now]] of costs) {
    const at = (of: Cost[], kind: keyof Cost, share: number): number =>
      percentile(
        of.map((cost) => cost[kind]),
        share,
      );
    const [wall, cpu] = (["wall", "cpu"] as const).map((kind) => {
      const [before, after] = [at(old, kind, 0.5), at(now, kind, 0.5)];
      return { before, after, ratio: after / before };
    }) as [Middle, Middle];
    const cells = [
      ...[wall.before, wall.after].map((ms) => ms.toFixed(2)),
      wall.ratio.toFixed(3),
      ...[at(old, "wall", 0.99), at(now, "wall", 0.99)].map((ms) => ms.toFixed(2)),
      ...[cpu.before, cpu.after].map((ms) => ms.toFixed(2)),
      cpu.ratio.toFixed(3),
    ];
    console.log(line([name, ...cells]));
    if (Math.max(wall.ratio, cpu.ratio) > limit)
      slower.push(`${name}: wall ${wall.ratio.toFixed(3)}, CPU ${cpu.ratio.toFixed(3)}`);
  }
  console.log(slower.length > 0 ? `above ${limit}:` : `no ratio above ${limit}`);
  for (const each of slower) console.log(`  ${each}`);
}

interface Middle {
  before: number;
  after: number;
  ratio: number;
}
