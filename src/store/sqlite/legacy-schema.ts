/** Databases of earlier generations, and making them ours. */
import { Database } from "bun:sqlite";

import type { Connection } from "./connection";
import { migrations } from "./schema";

/** Columns by which the seeds' registry is known, in both generations. */
const seedColumns = ["session_id", "llm_vendor", "heartbeat_at", "registered_at"];

interface Column {
  name: string;
  type: string;
  dflt_value: string | null;
}

const columns = (db: Database, table: string): Column[] =>
  db.query<Column, [string]>("select name, type, dflt_value from pragma_table_info(?)").all(table);

export function holdsSeeds(connection: Connection): boolean {
  const names = new Set(columns(connection.db, "session_registry").map((column) => column.name));
  return seedColumns.every((name) => names.has(name));
}

/**
 * Makes the seeds' tables fit our schema: adds the columns they lack (unknown ones stay), and brings times and
 * states into our form. Runs inside the migrating transaction, before the migrations.
 */
export function adoptSeeds(connection: Connection): void {
  const { db } = connection;
  const model = new Database(":memory:");
  for (const migration of migrations) model.run(migration.sql);
  const tables = model
    .query<{ name: string }, []>(
      "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
    )
    .all();
  for (const { name: table } of tables) {
    const present = new Set(columns(db, table).map((column) => column.name));
    if (present.size === 0) continue;
    for (const column of columns(model, table)) {
      if (present.has(column.name)) continue;
      const fallback = column.dflt_value === null ? "" : ` default ${column.dflt_value}`;
      db.run(`alter table ${table} add column ${column.name} ${column.type}${fallback}`);
    }
  }
  model.close();
  for (const { sql, table } of repairs) if (columns(db, table).length > 0) db.run(sql);
}

const iso = (column: string): string =>
  `${column} = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', ${column}), ${column})`;

const repairs = [
  {
    table: "session_registry",
    sql: `update session_registry set ${iso("heartbeat_at")}, ${iso("registered_at")},
      status = case when status in ('terminated', 'idle') then status else 'active' end`,
  },
  { table: "file_locks", sql: `update file_locks set ${iso("locked_at")}` },
  { table: "task_claims", sql: `update task_claims set ${iso("claimed_at")}` },
  {
    // A directed message of the seeds gets our day to live: no unread mail may expire by the adoption.
    table: "session_messages",
    sql: `update session_messages set ${iso("created_at")}, ${iso("delivered_at")}, ${iso("read_at")},
      status = coalesce(status, 'pending'), priority = coalesce(priority, 1),
      expires_at = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', expires_at),
        strftime('%Y-%m-%dT%H:%M:%fZ', case when recipient_id is null then created_at else 'now' end,
          '+' || case when recipient_id is null then coalesce(ttl_seconds, 300) else 86400 end || ' seconds'))`,
  },
];
