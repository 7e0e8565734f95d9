/**
 * `bun scripts/bench/hooks.ts [--runs 200] [--binary PATH] [--out FILE]`: wall time of every hook of every vendor as a
 * whole process, in the order of a turn, with nothing to say and with five messages to inject, beside a `sqlite3` shell
 * that inserts a row into a WAL database. All take turns, so that a busy moment of the machine meets them all. With
 * `--vs BINARY [--pairs 200]` each hook of the two binaries in turns instead.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { Database } from "bun:sqlite";

import { comparePairs, type Row } from "./pairs";
import { events, hears, payload } from "./turn";
import {
  empty,
  homeIn,
  installed,
  once,
  print,
  reference,
  save,
  subject,
  type Subject,
} from "./process-time";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "200" },
    binary: { type: "string", default: join(import.meta.dir, "../../dist/parley") },
    out: { type: "string" },
    vs: { type: "string" },
    pairs: { type: "string", default: "200" },
  },
});
const runs = Number(values.runs);
const warmUp = 5;
const place = mkdtempSync(join(tmpdir(), "parley-bench-"));
const binary = installed(place, values.binary);
/** This process poses as the agent: Claude says so by its variable, the others by being the parent. */
const env = { CLAUDE_PID: String(process.pid) };

interface Call {
  vendor: string;
  event: string;
  subject: Subject;
  /** Messages that wait when it is called. */
  mail: number;
}

const call = (vendor: string, event: string, mail: number): Call => ({
  vendor,
  event,
  mail,
  subject: subject(`${vendor} ${event}${mail > 0 ? ` +${mail}` : ""}`, [
    binary,
    ...["hook", vendor],
  ]),
});

/** Every event once with nothing to say, and those that inject once more with mail. */
const calls = Object.entries(events).flatMap(([vendor, names]) =>
  names.flatMap((event) => [
    call(vendor, event, 0),
    ...(hears(vendor, event) ? [call(vendor, event, 5)] : []),
  ]),
);

function timed({ samples, command }: Subject, input: string, keep: boolean): string {
  const started = performance.now();
  const said = once(place, command, { input, env });
  if (keep) samples.push(performance.now() - started);
  return said;
}

async function measure(): Promise<Subject[]> {
  const yardstick = reference(place);
  const bare = await empty(place);
  let bus: Database | null = null;
  for (let run = -warmUp; run < runs; run++) {
    const keep = run >= 0;
    for (const each of [yardstick, bare]) if (each) timed(each, "", keep);
    for (const { vendor, event, subject: each, mail } of calls) {
      if (mail > 0) {
        bus ??= new Database(join(homeIn(place), ".local/share/parley/messaging.db"));
        write(bus, `uuid-${vendor}`, mail);
      }
      expectShown(each.name, mail, timed(each, payload(vendor, event, place), keep));
    }
  }
  bus?.close();
  return [...(yardstick ? [yardstick] : []), bare, ...calls.map((each) => each.subject)];
}

function expectShown(name: string, mail: number, said: string): void {
  const shown = said.split("</parley-message>").length - 1;
  if (shown !== mail) throw new Error(`${name} showed ${shown} of ${mail}: ${said}`);
}

async function compare(other: string): Promise<void> {
  const rows = calls.map(({ vendor, event, mail, subject: { name } }): Row => ({
    ...{ name, env },
    command: (side) => [side.binary, "hook", vendor],
    input: (side) => payload(vendor, event, side.place),
    prepare: ({ home }) => {
      if (mail === 0) return;
      using bus = new Database(join(home, ".local/share/parley/messaging.db"));
      write(bus, `uuid-${vendor}`, mail);
    },
    check: (said) => expectShown(name, mail, said),
  }));
  await comparePairs([other, values.binary], Number(values.pairs), rows);
}

/** Messages of high priority for the session of a conversation, written straight into the tables. */
function write(bus: Database, session_uuid: string, count: number): void {
  bus.run("pragma busy_timeout = 1000");
  const row = bus
    .query<{ session_id: string }, [string]>(
      "select session_id from session_registry where session_uuid = ? and status <> 'terminated'",
    )
    .get(session_uuid);
  const now = new Date().toISOString();
  const later = new Date(Date.now() + 86_400_000).toISOString();
  bus.transaction(() => {
    for (let n = 0; n < count; n++) {
      const { lastInsertRowid } = bus
        .query(
          `insert into session_messages(sender_id, channel, payload, created_at, ttl_seconds, recipient_id, message_type,
              priority, status, expires_at)
            values ('kimi-1', 'coordination', '{"message":"The parser is mine until noon."}', ?1, 86400, ?2, 'directed', 2,
              'pending', ?3)`,
        )
        .run(now, row?.session_id ?? "", later);
      bus
        .query("insert into deliveries(message_id, session_id) values (?1, ?2)")
        .run(lastInsertRowid, row?.session_id ?? "");
    }
  })();
}

try {
  if (values.vs === undefined) {
    const subjects = await measure();
    print(subjects);
    if (values.out) save(values.out, runs, subjects);
  } else await compare(values.vs);
} finally {
  rmSync(place, { recursive: true, force: true });
}
