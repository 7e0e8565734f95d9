/**
 * `bun run soak [--minutes 30] [--agents 10] [--binary PATH] [--pause MS]`: runs agents that do everything at random for
 * a long time, each command a process of its own. Every few seconds one is killed by SIGKILL and replaced; cleanup runs
 * every minute. Prints what was sent, lost and repeated, and memory and size over time. Exits 1 where a message was lost
 * or came twice, a lock had two holders or a command failed. Needs `dist/parley` (`bun run build`).
 */
import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { Database } from "bun:sqlite";

export type Report =
  | { kind: "command" | "published" }
  | { kind: "sent" | "read"; ids: number[] }
  | { kind: "missed" | "repeated"; count: number }
  | { kind: "failure"; text: string };

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    agents: { type: "string", default: "10" },
    pause: { type: "string", default: "1000" },
    binary: { type: "string", default: join(import.meta.dir, "../dist/parley") },
  },
});

const totals = { commands: 0, sent: 0, read: 0, published: 0, missed: 0, repeated: 0, killed: 0 };
const sent = new Set<number>();
/** Ids; a broadcast is one message for each recipient. */
const read = new Set<number>();
const failures: string[] = [];

function record(report: Report): void {
  switch (report.kind) {
    case "command":
      totals.commands++;
      break;
    case "published":
      totals.published++;
      break;
    case "sent":
      for (const id of report.ids) sent.add(id);
      break;
    case "read":
      for (const id of report.ids) {
        if (read.has(id)) totals.repeated++;
        read.add(id);
      }
      break;
    case "missed":
      totals.missed += report.count;
      break;
    case "repeated":
      totals.repeated += report.count;
      break;
    default:
      failures.push(report.text);
  }
}

const directory = mkdtempSync(join(tmpdir(), "parley-soak-"));
const marks = join(directory, "marks");
mkdirSync(marks);
const database = join(directory, "messaging.db");
const env = { HOME: directory, PATH: process.env["PATH"] ?? "", PARLEY_DB: database };

const start = (): Bun.Subprocess =>
  Bun.spawn(
    [process.execPath, join(import.meta.dir, "soak/agent.ts"), values.binary, marks, values.pause],
    { env, stdio: ["ignore", "inherit", "inherit"], ipc: record },
  );

const bytes = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Resident memory in MiB, by `/proc`; NaN elsewhere. */
function mebibytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

const first = Bun.spawnSync([values.binary, "publish", "soak", "begins", "--as", "operator"], {
  env,
});
if (first.exitCode !== 0) throw new Error(first.stderr.toString());
const watch = Bun.spawn([values.binary, "watch", "--json"], {
  env,
  stdio: ["ignore", "pipe", "inherit"],
});
let watched = 0;
const watching = (async () => {
  for await (const chunk of watch.stdout) watched += chunk.filter((byte) => byte === 10).length;
})();

const agents = Array.from({ length: Number(values.agents) }, start);
const end = Date.now() + Number(values.minutes) * 60_000;
let minute = Date.now();
console.log(
  "minute  commands  sent  read  published  killed  database KB  log KB  watch MiB  failures",
);
for (let passed = 0; Date.now() < end;) {
  await Bun.sleep(2000 + randomInt(8000));
  const at = randomInt(agents.length);
  agents[at]?.kill("SIGKILL");
  agents[at] = start();
  totals.killed++;
  if (Date.now() - minute < 60_000) continue;
  minute = Date.now();
  const cleanup = Bun.spawnSync([values.binary, "cleanup", "--json"], { env });
  if (cleanup.exitCode !== 0) failures.push(`cleanup: ${cleanup.stdout.toString()}`);
  const row = [++passed, totals.commands, sent.size, read.size, totals.published, totals.killed];
  const sizes = [bytes(database) / 1000, bytes(`${database}-wal`) / 1000, mebibytes(watch.pid)];
  console.log([...row, ...sizes.map(Math.round), failures.length].join("  "));
}

for (const agent of agents) agent.kill("SIGKILL");
await Promise.all(agents.map((agent) => agent.exited));
// Commands of killed agents end by themselves.
await Bun.sleep(2000);
watch.kill("SIGTERM");
await Promise.all([watch.exited, watching]);

const db = new Database(database);
const kept = new Set(
  db
    .query<{ id: number }, []>("select id from session_messages where recipient_id is not null")
    .all()
    .map(({ id }) => id),
);
const lost = [...sent].filter((id) => !kept.has(id)).length;
const integrity = db.query<{ integrity_check: string }, []>("pragma integrity_check").get();
db.close();
console.log(
  JSON.stringify({
    minutes: Number(values.minutes),
    ...totals,
    sent: sent.size,
    read: read.size,
    lost,
    watched,
    integrity: integrity?.integrity_check,
    failures: failures.slice(0, 20),
  }),
);
rmSync(directory, { recursive: true, force: true });
const sound = lost + totals.missed + totals.repeated + failures.length === 0;
process.exitCode = sound && integrity?.integrity_check === "ok" ? 0 : 1;
