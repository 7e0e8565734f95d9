/** The store's operations on a PostgreSQL server. */
import { ParleyError } from "../../bus/errors";
import type { DatabaseFacts } from "../../bus/status";
import type { Database, Statements } from "../database";
import type { ServerClock } from "./clock";
import type { Location } from "./location";
import type { NotifyBuffer } from "./notify-payload";
import type { Opened } from "./open";
import { sendOne } from "./send-one";
import { createUpkeep } from "./upkeep";

export function createDatabase(
  { connection, readOnly }: Opened,
  clock: ServerClock,
  buffer: NotifyBuffer,
): Database {
  return {
    location: connection.location.text,
    readOnly: readOnly ? "the server only lets it be read" : null,
    remote: true,
    announces: true,
    upkeep: createUpkeep(connection),
    query: (work) => connection.query(work),
    snapshot: (work) => connection.snapshot(work),
    write: (work) => connection.write(work),
    writeIfFree: (work) => connection.writeIfFree(work),
    tidy: async (work) => {
      await connection.write(work);
    },
    sendOne: (message) => sendOne(connection, message),
    announced: (query, now) => buffer.after(query, now),
    facts: (s) => factsOf(s, connection.location),
    changeCount: () => connection.query((s) => clock.read(s)),
    isFailure: (error) => error instanceof ParleyError,
    close: () => connection.close(),
  };
}

export async function factsOf(s: Statements, { text, schema }: Location): Promise<DatabaseFacts> {
  const row = await s.get<{ size: number; version: number }>(
    `select (select max(version) from parley._schema_version) as version,
      coalesce((select sum(pg_total_relation_size(oid)) from pg_class
        where relkind = 'r' and relnamespace = $schema::regnamespace), 0)::bigint as size`,
    { schema },
  );
  return {
    path: text,
    size_bytes: row?.size ?? 0,
    // The server's log is one for all its databases.
    wal_bytes: 0,
    journal_mode: "wal",
    schema_version: row?.version ?? 0,
  };
}
