/**
 * `bun scripts/bench/startup.ts [--runs 200] [--binary PATH] [--out FILE] [--sessions N] [--messages N]`: wall time of one
 * command as a whole process, on an empty bus or on one with so many sessions and stored messages, beside a
 * `sqlite3` shell that inserts a row into a WAL database. The subjects take turns, so that a busy moment of the machine
 * meets them all; what counts is the ratio, not the milliseconds.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { populate } from "./populate";

const root = join(import.meta.dir, "../..");
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "200" },
    binary: { type: "string", default: join(root, "dist/parley") },
    out: { type: "string" },
    sessions: { type: "string", default: "0" },
    messages: { type: "string", default: "0" },
  },
});
const runs = Number(values.runs);
const warmUp = 10;
const place = mkdtempSync(join(tmpdir(), "parley-bench-"));
const home = join(place, "home");
mkdirSync(home);

interface Subject {
  name: string;
  command: string[];
  /** Milliseconds, in the order they were taken. */
  samples: number[];
}

/** Two long-lived processes that sessions can belong to. */
const agents = [1, 2].map(() =>
  Bun.spawn(["sleep", "3600"], { stdio: ["ignore", "ignore", "ignore"] }),
);
const [claude, codex] = agents.map(({ pid }) => pid) as [number, number];

/** One line a verb. */
const verbs: Record<string, string[]> = {
  register: ["register", "--llm", "claude", "--pid", String(claude)],
  message: ["message", `codex-${codex}`, "hello", "--session", `claude-${claude}`],
  inbox: ["inbox", "--session", `claude-${claude}`],
  lock: ["lock", "src/a.ts", "--session", `claude-${claude}`],
  unlock: ["unlock", "--all", "--session", `claude-${claude}`],
  claim: ["claim", "H.13.7", "--session", `claude-${claude}`],
  release: ["release", "--all", "--session", `claude-${claude}`],
};

const subject = (name: string, command: string[]): Subject => ({ name, command, samples: [] });

/** The yardstick; null where there is no `sqlite3`. */
function reference(): Subject | null {
  const shell = Bun.which("sqlite3");
  if (!shell) return null;
  const database = join(place, "reference.db");
  once([shell, database, "pragma journal_mode = wal; create table t (a)"]);
  return subject("sqlite3 insert", [shell, database, "insert into t values ('hello')"]);
}

/** What Bun itself costs before any of our code. */
async function empty(): Promise<Subject> {
  const source = join(place, "empty.ts");
  const outfile = join(place, "empty");
  writeFileSync(source, "");
  await Bun.build({ entrypoints: [source], compile: { outfile }, bytecode: true, format: "esm" });
  return subject("empty Bun binary", [outfile]);
}

function once([program = "", ...args]: string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: place,
    env: { HOME: home, PATH: "/usr/bin:/bin" },
    encoding: "utf8",
  });
  if (status !== 0) {
    throw new Error(`${program} ${args.join(" ")} exited with ${status}:\n${stdout}${stderr}`);
  }
}

/** The value below which this share of the samples lies. */
function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function measure(): Promise<Subject[]> {
  const yardstick = reference();
  if (!yardstick) console.log("sqlite3 is absent: no ratios");
  const parley = (args: string[]): string[] => [values.binary, ...args, "--json"];
  once(parley(["register", "--llm", "codex", "--pid", String(codex)]));
  const bus = join(home, ".local/share/parley/messaging.db");
  populate(bus, Number(values.sessions), Number(values.messages));
  const subjects = [
    ...(yardstick ? [yardstick] : []),
    await empty(),
    ...Object.entries(verbs).map(([name, args]) => subject(name, parley(args))),
  ];
  for (let run = -warmUp; run < runs; run++) {
    for (const { command, samples } of subjects) {
      const started = performance.now();
      once(command);
      if (run >= 0) samples.push(performance.now() - started);
    }
  }
  return subjects;
}

function print(subjects: readonly Subject[]): void {
  const base = subjects.find(({ name }) => name === "sqlite3 insert");
  console.log(
    `${"".padEnd(18)}${"p50 ms".padStart(9)}${"p99 ms".padStart(9)}${"ratio".padStart(8)}`,
  );
  for (const { name, samples } of subjects) {
    const p50 = percentile(samples, 0.5);
    const ratio = base ? (p50 / percentile(base.samples, 0.5)).toFixed(2) : "–";
    const p99 = percentile(samples, 0.99);
    console.log(
      name.padEnd(18) + p50.toFixed(2).padStart(9) + p99.toFixed(2).padStart(9) + ratio.padStart(8),
    );
  }
}

try {
  const subjects = await measure();
  print(subjects);
  if (values.out) {
    const samples = Object.fromEntries(subjects.map((each) => [each.name, each.samples]));
    writeFileSync(values.out, `${JSON.stringify({ unit: "ms", runs, samples })}\n`);
  }
} finally {
  for (const agent of agents) agent.kill("SIGKILL");
  rmSync(place, { recursive: true, force: true });
}
