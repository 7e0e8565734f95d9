/**
 * `bun run bench [--quick] [--all] [--only NAME…] [--binary PATH] [--db URL] [--out FILE]`: runs the measurements one after
 * the other and prints tables; with --out it also writes JSON with every sample. With --db a PostgreSQL server is measured
 * too. --all adds measurements of minutes: ten minutes of gate load, and the clean-up of a million messages. --quick gives
 * an impression, not figures. Needs `dist/parley` (`bun run build`).
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { deliveries } from "./bursts";
import { endurance, gate } from "./gate";
import { idle } from "./idle";
import { server } from "./server";
import { compareCompetitors } from "./competitors";
import { throughput } from "./throughput";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    all: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    binary: { type: "string", default: join(import.meta.dir, "../../dist/parley") },
    out: { type: "string" },
    db: { type: "string" },
  },
});
const { quick, binary, db } = values;

const machine = {
  date: new Date().toISOString(),
  cpu: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
  memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
  system: `${process.platform} ${release()} ${process.arch}`,
  bun: Bun.version,
  parley: versionOf([binary, "--version"]),
  nats: versionOf(["nats-server", "--version"]),
  redis: versionOf(["redis-server", "--version"]),
  sqlite3: versionOf(["sqlite3", "--version"]),
};

const measurements: Record<string, () => Promise<unknown>> = {
  startup: async () => script("startup", "--runs", quick ? "20" : "200"),
  hooks: async () => script("hooks", "--runs", quick ? "10" : "150"),
  status: async () => script("status", "--runs", quick ? "5" : "40"),
  gate: () => gate(binary, quick ? 5 : 30),
  deliveries: () => deliveries(binary, quick ? 0.2 : 1),
  sides: () => compareCompetitors(binary, quick ? 20 : 100, quick ? 1 : 2),
  throughput: () => throughput(binary, quick ? 500 : 3000),
  idle: () => idle(binary, quick ? 5 : 60),
  ...(db === undefined ? {} : { server: () => server(binary, db, quick ? 5 : 15, quick ? 1 : 4) }),
  endurance: () => endurance(binary),
  cleanup: async () => script("cleanup"),
};

/** Runs a measurement that is a program of its own; returns its output. */
function script(name: string, ...args: string[]): string {
  const path = join(import.meta.dir, `${name}.ts`);
  const { status, stdout } = spawnSync(process.execPath, [path, "--binary", binary, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 900_000,
  });
  console.log(`\n### ${name}\n\n${stdout.trimEnd()}`);
  if (status !== 0) console.log(`(exited with ${status})`);
  return stdout;
}

function versionOf(command: string[]): string {
  try {
    return spawnSync(command[0] ?? "", command.slice(1), { encoding: "utf8" }).stdout.trim();
  } catch {
    return "absent";
  }
}

const long = ["endurance", "cleanup"];
const wanted =
  values.only ?? Object.keys(measurements).filter((name) => values.all || !long.includes(name));
for (const [name, value] of Object.entries(machine)) console.log(`${name}: ${value}`);
const results: Record<string, unknown> = {};
for (const name of wanted) {
  const measure = measurements[name];
  if (!measure) throw new Error(`no measurement ${name}: ${Object.keys(measurements).join(", ")}`);
  results[name] = await measure();
}
if (values.out)
  writeFileSync(values.out, `${JSON.stringify({ unit: "ms", machine, quick, results })}\n`);
