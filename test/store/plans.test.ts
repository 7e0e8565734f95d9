/** That no query scans a table. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSettings } from "../../src/bus/settings";
import type { Store } from "../../src/bus/store";
import { Connection } from "../../src/store/sqlite/connection";
import { inDialect } from "../../src/store/sqlite/dialect";
import { openSqliteStore } from "../../src/store/sqlite/database";
import { everyOperation } from "../bus/operations";

/** What the statement of the totals of `status` reads through: it counts the history by design. */
const counting = {
  in: " as total_sessions,",
  scan: /^SCAN (session_registry|inter_session_messages) /,
};
/** Walks back from the newest message and stops at the limit. */
const newestFirst = "order by m.id desc limit $limit";

let directory: string;
let store: Store;
const statements = new Set<string>();
const original = {
  get: Connection.prototype.get,
  all: Connection.prototype.all,
  run: Connection.prototype.run,
};

/** Lets every statement through and remembers it. */
function record(name: "get" | "all" | "run"): void {
  const method = original[name];
  Object.assign(Connection.prototype, {
    [name](this: Connection, sql: string, bindings: never) {
      statements.add(inDialect(sql));
      return method.call(this, sql, bindings);
    },
  });
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "parley-plans-"));
  store = await openSqliteStore(join(directory, "messaging.db"), {
    mode: "create",
    // Every exchange is a loop.
    settings: { ...defaultSettings, loop: { limit: 1, window: 600_000 } },
  });
  for (const name of ["get", "all", "run"] as const) record(name);
});

afterAll(async () => {
  Object.assign(Connection.prototype, original);
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

describe("Query plans", () => {
  test("no operation reads through a table: its cost does not grow with the history", async () => {
    await everyOperation(store);
    expect(statements.size).toBeGreaterThan(30);
    const db = new Database(store.location, { readonly: true });
    const scans: string[] = [];
    for (const sql of statements) {
      if (sql.endsWith(newestFirst) || sql.startsWith("pragma")) continue;
      const plan = db.query<{ detail: string }, []>(`explain query plan ${sql}`).all();
      // What a subquery with a name reads has lines of its own.
      const named = plan.flatMap(({ detail }) => /^CO-ROUTINE (\w+)/.exec(detail)?.[1] ?? []);
      for (const { detail } of plan) {
        if (named.some((name) => detail === `SCAN ${name}`)) continue;
        if (sql.includes(counting.in) && counting.scan.test(detail)) continue;
        // A scan of a partial index is a walk over what is live or unread, and the tables of locks and claims hold
        // only what is held: none of them is history.
        const partial =
          /USING (COVERING )?INDEX (live_session|session_by_\w+|unread_alert|unread_delivery|sqlite_autoindex_(file_locks|task_claims))/;
        if (
          /^SCAN (?!json_each|\w+ VIRTUAL TABLE|sqlite_sequence|CONSTANT|pragma|value|\(|SUBQUERY)/.test(
            detail,
          ) &&
          !partial.test(detail)
        ) {
          scans.push(`${detail} in ${sql.replaceAll(/\s+/g, " ")}`);
        }
      }
    }
    db.close();
    expect(scans).toEqual([]);
  });
});
