/** The schema of a SQLite file. */
import type { Connection } from "./connection";
import bus from "./migrations/0003_bus.sql" with { type: "text" };

/** "PRLY": marks a database as parley's. */
export const applicationId = 0x50524c59;

/** Every schema since the seeds' v1.0 (1) and v2 (2), oldest first. */
export const migrations: readonly { version: number; sql: string }[] = [{ version: 3, sql: bus }];

export const schemaVersion = 3;

interface Versions {
  application_id: number;
  version: number | null;
}

/** Null where there is no version table; then `migrate` finds out what the file is. */
export function readVersions(connection: Connection): Versions | null {
  try {
    return connection.get<Versions>(
      `select (select application_id from pragma_application_id) as application_id,
        (select max(version) from _schema_version) as version`,
    );
  } catch (error) {
    if (error instanceof Error && /no such (table|column)/.test(error.message)) return null;
    throw error;
  }
}
