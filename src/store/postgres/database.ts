/** The store's operations on a PostgreSQL server. */
import { ParleyError } from "../../bus/errors";
import type { DatabaseFacts } from "../../bus/status";
import type { Database, Statements } from "../database";
import type { Location } from "./location";
import type { NotifyBuffer } from "./notify-payload";
import type { Opened } from "./open";
import { sendOne } from "./send-one";
import { createUpkeep } from "./upkeep";
import type { Clock } from "../../bus/clock";

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

/** The server's clock, which is the same for every machine: ours, and how far it is off. */
export interface ServerClock extends Clock {
  /** A number that changes with what is committed; sets the clock by the way. */
  read(s: Statements): Promise<number>;
}

/** @param offset How far it is ahead of ours, in milliseconds. */
export function createServerClock(offset: number): ServerClock {
  return {
    now: () => Math.round(Date.now() + offset),
    read: async (s) => {
      const asked = Date.now();
      // Standbys are told of a sequence only now and then, but know which transactions they have seen.
      const row = await s.get<{ changes: number; seen: string | null; now: number }>(
        `select last_value as changes,
            case when pg_is_in_recovery() then pg_current_snapshot()::text end as seen,
            (extract(epoch from clock_timestamp()) * 1000)::float8 as now
          from parley.changes`,
      );
      const { changes, seen, now } = row!;
      // The server looked at its clock about halfway.
      offset = now - (asked + Date.now()) / 2;
      return seen === null ? changes : Number(Bun.hash(seen) & 0x1f_ffff_ffff_ffffn);
    },
  };
}
