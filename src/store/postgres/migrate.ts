/** Making and migrating the schema of a bus on a server. */
import { timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Connection } from "./connection";
import { codeOf } from "./errors";
import type { PostgresStatements } from "./statements";

/** Makes or migrates the schema, one process at a time; refuses a newer one without touching it. */
export async function prepareSchema(connection: Connection): Promise<void> {
  const { schema, text } = connection.location;
  const version = await connection.write(async (s) => {
    // Reading the catalogue, not by to_regnamespace: that may answer from before the lock was waited for.
    const found = await s.get<{ made: boolean; versions: boolean }>(
      `select count(*) > 0 as made, count(c.oid) > 0 as versions from pg_namespace n
        left join pg_class c on c.relnamespace = n.oid and c.relname = '_schema_version'
        where n.nspname = $schema`,
      { schema },
    );
    if (!found?.made) await s.script(`create schema "${schema}"`);
    const known = found?.versions ? await versionOf(s) : 0;
    for (const migration of migrations.filter((each) => each.version > known)) {
      await apply(s, migration, text);
    }
    return known;
  });
  if (version > schemaVersion) throw newer(text, version);
}

async function versionOf(s: PostgresStatements): Promise<number> {
  const row = await s.get<{ version: number | null }>(
    "select max(version) as version from parley._schema_version",
  );
  return row?.version ?? 0;
}

async function apply(
  s: PostgresStatements,
  { version, sql }: { version: number; sql: string },
  location: string,
): Promise<void> {
  try {
    await s.script(sql);
  } catch (error) {
    // Tables of another program have these names.
    if (codeOf(error) !== "42P07") throw error;
    throw new ParleyError("invalid", `The schema of ${location} holds other tables`, {
      hint: "name another with ?schema=NAME or PARLEY_SCHEMA; this one was left as it is",
      details: { database: location },
      cause: error,
    });
  }
  await s.run(
    "insert into parley._schema_version(version, applied_at) values ($version, $applied_at)",
    { version, applied_at: timestamp(Date.now()) },
  );
}

export const newer = (location: string, version: number): ParleyError =>
  new ParleyError(
    "invalid",
    `${location} has schema ${version}; this parley knows ${schemaVersion}`,
    {
      hint: "a newer parley has migrated it: install that version here too",
      details: { database: location, schema_version: version, known: schemaVersion },
    },
  );
import bus from "./migrations/0001_bus.sql" with { type: "text" };

/** Every schema of this store, oldest first; its numbers are its own. */
export const migrations: readonly { version: number; sql: string }[] = [{ version: 1, sql: bus }];

export const schemaVersion = 1;

/** PostgreSQL 13: the first with `pg_xact_status(xid8)`, as `server_version_num` says it. */
export const oldestServer = 130_000;
