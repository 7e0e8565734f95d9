/** That no query reads through a table, with a long history. */
import { SQL } from "bun";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { defaultSettings } from "../../src/bus/settings";
import type { Store } from "../../src/bus/store";
import { statementOf } from "../../src/store/postgres/dialect";
import { PostgresStatements } from "../../src/store/postgres/statements";
import { openPostgresStore } from "../../src/store/postgres/store";
import { everyOperation } from "../bus/operations";
import { freshSchema, type Schema, server } from "../server";

/** The totals of `status`, and what `cleanup --dry-run` counts: the history, by design. */
const counting = /as total_sessions|^select count\(\*\) as count from parley\.session_registry r/;

/** What grows with the history. The other tables hold what is held or waited for. */
const history = ["session_registry", "session_messages", "deliveries"];

/** Walking one of these reads only what is live or unread. */
const partial =
  /^(live_session|session_(in_rotation|by_(?!uuid)\w+)|unread_alert|unread_delivery)$/;

interface Node {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Index Cond"?: string;
  Plans?: Node[];
}

const statements = new Set<string>();
const original = { all: PostgresStatements.prototype.all, run: PostgresStatements.prototype.run };

/** Lets every statement through and remembers it. */
function record(name: "all" | "run"): void {
  const method: (sql: string, bindings: never) => unknown = original[name];
  Object.assign(PostgresStatements.prototype, {
    [name](this: PostgresStatements, sql: string, bindings: never) {
      statements.add(sql);
      return method.call(this, sql, bindings);
    },
  });
}

/** A long history: almost everything in it is read and ended. */
const populated = (schema: string): string => `
  insert into ${schema}.session_registry(session_id, llm_vendor, pid, session_uuid, machine_uuid, heartbeat_at,
      registered_at, status, ended_at, project_id, cwd, task_id)
    select 'claude-' || n, 'claude', n, 'uuid-' || n, 'm', '2026-01-01', '2026-01-01' || n,
        case when n % 100 = 0 then 'active' else 'terminated' end, '2026-01-01' || n, 'P' || n, '/' || n, 'T' || n
      from generate_series(1000, 20000) n;
  insert into ${schema}.session_messages(sender_id, recipient_id, channel, message_type, payload, created_at, status,
      expires_at, activity)
    select 'claude-' || n % 500, case when n % 2 = 0 then 'claude-' || n % 499 end,
        case n % 5 when 1 then 'operator_alert' when 3 then 'session_lifecycle' else 'coordination' end, 'note', '{}',
        '2026-01-01' || n, 'read', '2026-01-01' || n, '/' || n
      from generate_series(1, 100000) n;
  insert into ${schema}.deliveries(message_id, session_id, delivered_at, read_at)
    select id, recipient_id, '2026', case when id % 1000 <> 0 then '2026' end
      from ${schema}.session_messages where recipient_id is not null
    on conflict do nothing;
  analyze`;

function* scans(node: Node, isLimited: boolean): Generator<string> {
  const { "Node Type": type, "Relation Name": table = "", "Index Name": index = "" } = node;
  if (type === "Seq Scan" && history.includes(table)) yield `Seq Scan on ${table}`;
  const isWalk = type.startsWith("Index") && node["Index Cond"] === undefined;
  if (isWalk && history.includes(table) && !isLimited && !partial.test(index)) {
    yield `${type} of all ${index}`;
  }
  const stops = type === "Limit" || (isLimited && !/Sort|Aggregate|Hash/.test(type));
  for (const each of node.Plans ?? []) yield* scans(each, stops);
}

const without = server === null;
describe.skipIf(without)(`Query plans on PostgreSQL${without ? ": no server" : ""}`, () => {
  let place: Schema;
  let store: Store;
  let sql: SQL;
  beforeAll(async () => {
    place = freshSchema();
    ({ store } = await openPostgresStore(place.url, {
      mode: "create",
      // Every exchange is a loop.
      settings: { ...defaultSettings, loop: { limit: 1, window: 600_000 } },
      machineUuid: () => "m",
    }));
    sql = new SQL(server ?? "", { max: 1 });
    for (const name of ["all", "run"] as const) record(name);
  });
  afterAll(async () => {
    Object.assign(PostgresStatements.prototype, original);
    await store?.close();
    await sql?.close({ timeout: 0 });
    await place?.drop();
  });

  test("no operation reads through a table: its cost does not grow with the history", async () => {
    await everyOperation(store);
    expect(statements.size).toBeGreaterThan(60);
    await sql.unsafe(populated(place.schema)).simple();
    // Whatever the values: what a connection that lives long comes to use.
    await sql.unsafe("set plan_cache_mode = force_generic_plan");
    const found: string[] = [];
    for (const statement of statements) {
      if (counting.test(statement)) continue;
      const { text, names } = statementOf(statement, place.schema);
      await sql.unsafe(`prepare looked as ${text}`).simple();
      const values = names.length > 0 ? `(${names.map(() => "null").join(", ")})` : "";
      const [row] = await sql.unsafe(`explain (format json) execute looked ${values}`);
      await sql.unsafe("deallocate looked");
      const plan = Object.values(row as Record<string, { Plan: Node }[]>)[0]?.[0]?.Plan;
      for (const each of plan ? scans(plan, false) : ["no plan"]) {
        found.push(`${each} in ${statement.replaceAll(/\s+/g, " ")}`);
      }
    }
    expect(found).toEqual([]);
  });
});
