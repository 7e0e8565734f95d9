/**
 * `bun scripts/bench/scale.ts --db postgres://…`: simulates a thousand sessions of twenty machines on one
 * server, in twenty client processes. Every session publishes once a second and sends a heartbeat every 30 s; every client
 * receives all messages. Exits with 1 where a message did not arrive or less than 99 % of the offered ones were published.
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";

import { SQL } from "bun";

import { livenessAt, type Liveness } from "../../src/bus/liveness";
import { defaultSettings } from "../../src/bus/settings";
import { openPostgresStore } from "../../src/store/postgres/store";
import { createNoticeSignal } from "../../src/change-signal/postgres-notify";
import { monotonic, printTable, summary } from "./numbers";
import { cpuSeconds, serverCpuSeconds } from "./usage";

const { values } = parseArgs({
  options: {
    db: { type: "string", default: "postgres://127.0.0.1:5432/test" },
    sessions: { type: "string", default: "1000" },
    clients: { type: "string", default: "20" },
    seconds: { type: "string", default: "300" },
    gap: { type: "string", default: "1000" },
    client: { type: "string" },
    schema: { type: "string" },
  },
});
const sessions = Number(values.sessions);
const clients = Number(values.clients);
const seconds = Number(values.seconds);
/** Milliseconds between two messages of a session. */
const gap = Number(values.gap);
const schema = values.schema ?? `parley_scale_${process.pid}`;
const beatInterval = 30_000;

/** The report of a client at its end. */
interface Report {
  sent: number;
  /** Milliseconds from the begin of publishing to the arrival at another client. */
  delivery: number[];
  /** Milliseconds that publishing took. */
  publishing: number[];
  /** Milliseconds that publishing began late, since the previous message was not done. */
  late: number[];
  /** Milliseconds that each registration took, all clients registering at once. */
  registering: number[];
  failures: number;
  cpu: number;
}

const liveness = (now: number): Liveness =>
  livenessAt(
    { state: () => "unknown", uptimeSeconds: () => null, source: "/proc" },
    now,
    defaultSettings,
  );

async function client(index: number): Promise<Report> {
  const machine = `machine-${index}`;
  const { store, clock, notices } = await openPostgresStore(values.db, {
    ...{ mode: "create", settings: defaultSettings, schema, machineUuid: () => machine },
  });
  const changeCount = (): Promise<number> => store.changeCount();
  const signal = createNoticeSignal({
    notices,
    listening: true,
    pollMilliseconds: 250,
    changeCount,
  });
  const numbers = Array.from({ length: sessions / clients }, (_, n) => n);
  const ids: string[] = [];
  const registering: number[] = [];
  for (const n of numbers) {
    const pid = 1000 + n;
    const began = monotonic();
    const { record } = await store.registerSession(
      {
        ...{ session_id: null, session_uuid: crypto.randomUUID(), session_uuid_known: false },
        ...{ machine_uuid: machine, hostname: machine, llm_vendor: "claude", llm_model: null },
        ...{ project_id: null, task_id: null, tty: null, cwd: `/srv/${pid}`, pid, name: null },
        evidence: {
          ...{ boot_id: machine, host_id: machine, pid_namespace: "1", pid, start_ticks: "1" },
        },
        ...{ liveness: "pid", promised_beats: true, shared_host: false },
      },
      liveness(clock.now()),
    );
    registering.push(monotonic() - began);
    ids.push(record.session_id);
  }
  console.log("ready");
  for await (const _ of console) break;

  const report: Report = {
    ...{ sent: 0, delivery: [], publishing: [], late: [], registering, failures: 0, cpu: 0 },
  };
  const mine = new Set(ids);
  const usedBefore = cpuSeconds([process.pid]);
  let cursor = await store.newestId();
  let isReading = false;
  let isDue = false;
  const readNew = async (): Promise<void> => {
    isDue = true;
    if (isReading) return;
    isReading = true;
    while (isDue) {
      isDue = false;
      const found = await store
        .messagesAfter(
          { since: cursor, limit: 500, channels: ["state"], directed: null, following: true },
          clock.now(),
        )
        .catch(() => []);
      const now = monotonic();
      for (const message of found) {
        if (!mine.has(message.sender_id)) report.delivery.push(now - Number(message.payload["at"]));
      }
      cursor = found.at(-1)?.id ?? cursor;
      if (found.length === 500) isDue = true;
    }
    isReading = false;
  };
  const listening = await signal.listen(null, () => void readNew());
  const end = monotonic() + seconds * 1000;
  // Outside of this measurement each heartbeat comes from a process of its own, which connects for it.
  let turn = 0;
  const beats = setInterval(() => {
    const id = ids[turn++ % ids.length] ?? "";
    store.heartbeat(id, liveness(clock.now())).catch(() => report.failures++);
  }, beatInterval / ids.length);
  await Promise.all(
    ids.map(async (sender_id) => {
      await Bun.sleep(Math.random() * gap);
      for (let due = monotonic(); due < end; due += gap) {
        await Bun.sleep(Math.max(0, due - monotonic()));
        const at = monotonic();
        if (at > end) break;
        report.late.push(Math.max(0, at - due));
        const draft = {
          ...{ sender_id, sender_session_uuid: null, channel: "state", payload: { at } },
          ...{ message_type: "published", priority: 1, project_id: null, task_id: null, ttl: null },
        };
        try {
          await store.publishMessage(draft, liveness(clock.now()));
          report.sent++;
          report.publishing.push(monotonic() - at);
        } catch {
          report.failures++;
        }
      }
    }),
  );
  clearInterval(beats);
  // Time for the last messages to arrive.
  await Bun.sleep(3000);
  await listening.stop();
  await signal.close();
  await store.close();
  report.cpu = cpuSeconds([process.pid]) - usedBefore;
  return report;
}

async function main(): Promise<void> {
  const children = Array.from({ length: clients }, (_, index) => {
    const args = ["--client", `${index}`, "--schema", schema];
    const numbers = process.argv.slice(2);
    return Bun.spawn([process.execPath, import.meta.path, ...numbers, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
  });
  const outputs = children.map((child) => lines(child.stdout));
  for (const output of outputs) await output.next();
  const sql = new SQL(values.db, { max: 1 });
  const size = async (): Promise<number> => {
    const [row] = await sql.unsafe(
      "select coalesce(sum(pg_total_relation_size(oid)), 0)::float8 as bytes from pg_class where relkind = 'r' and relnamespace = $1::regnamespace",
      [schema],
    );
    return row.bytes / 1024 ** 2;
  };
  const connections = async (): Promise<number> => {
    const [row] = await sql.unsafe(
      "select count(*)::int as n from pg_stat_activity where application_name = 'parley'",
    );
    return row.n;
  };
  const before = serverCpuSeconds();
  const sizes: Record<string, string | number>[] = [];
  for (const child of children) {
    child.stdin.write("go\n");
    child.stdin.flush();
  }
  const started = monotonic();
  let maxConnections = 0;
  while (monotonic() - started < seconds * 1000) {
    await Bun.sleep(Math.min(30_000, (seconds * 1000) / 4));
    maxConnections = Math.max(maxConnections, await connections());
    const [row] = await sql.unsafe(`select count(*)::int as n from ${schema}.session_messages`);
    sizes.push({
      "after s": (monotonic() - started) / 1000,
      "messages kept": row.n,
      "tables MiB": await size(),
    });
  }
  const spent = (monotonic() - started) / 1000;
  const cpu = serverCpuSeconds() - before;
  const reports: Report[] = [];
  for (const output of outputs) reports.push(JSON.parse((await output.next()).value ?? "{}"));
  const all = (pick: (report: Report) => number[]): number[] => reports.flatMap(pick);
  const sent = reports.reduce((sum, report) => sum + report.sent, 0);
  const offered = (sessions * 1000) / gap;
  const undelivered = sent * (clients - 1) - all((report) => report.delivery).length;
  printTable(
    `${sessions} sessions of ${clients} machines for ${seconds} s, a message each every ${gap} ms`,
    [
      { what: "delivery, ms", ...summary(all((report) => report.delivery)) },
      { what: "publishing, ms", ...summary(all((report) => report.publishing)) },
      { what: "begun late, ms", ...summary(all((report) => report.late)) },
      { what: "registering, ms", ...summary(all((report) => report.registering)) },
    ],
  );
  printTable("the server", [
    {
      "offered/s": offered,
      "published/s": sent / seconds,
      "delivered/s": (sent * (clients - 1) - undelivered) / seconds,
      undelivered,
      failures: reports.reduce((sum, report) => sum + report.failures, 0),
      "server CPU, cores": cpu / spent,
      "clients' CPU, cores": reports.reduce((sum, report) => sum + report.cpu, 0) / spent,
      cores: cpus().length,
      connections: maxConnections,
    },
  ]);
  printTable("growth", sizes);
  const sustained = undelivered === 0 && sent / seconds > offered * 0.99;
  console.log(`\nload ${loadavg()[0]?.toFixed(1)}: ${sustained ? "sustained" : "not sustained"}`);
  if (!sustained) process.exitCode = 1;
  await sql.unsafe(`set client_min_messages = error; drop schema ${schema} cascade`).simple();
  await sql.close();
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(
    new TextDecoderStream() as never,
  ) as ReadableStream<string>) {
    rest += text;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 1);
    }
  }
}

if (values.client === undefined) await main();
else console.log(JSON.stringify(await client(Number(values.client))));
