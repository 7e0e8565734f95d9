/** The schema of a bus on a server. */
import bus from "./migrations/0001_bus.sql" with { type: "text" };

/** Every schema of this store, oldest first; its numbers are its own. */
export const migrations: readonly { version: number; sql: string }[] = [{ version: 1, sql: bus }];

export const schemaVersion = 1;

/** PostgreSQL 13: the first with `pg_xact_status(xid8)`, as `server_version_num` says it. */
export const oldestServer = 130_000;
