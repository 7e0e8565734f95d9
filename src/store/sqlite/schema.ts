/** Application id, versions, migrations. */
import bus from "./migrations/0003_bus.sql" with { type: "text" };

/** "PRLY": marks a database as parley's. */
export const applicationId = 0x50524c59;

/** Every schema since the seeds' v1.0 (1) and v2 (2), oldest first. */
export const migrations: readonly { version: number; sql: string }[] = [{ version: 3, sql: bus }];

export const schemaVersion = 3;
