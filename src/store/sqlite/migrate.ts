/** Making, migrating and adopting the schema of a SQLite file. */
import { timestamp } from "../../bus/clock";
import { adoptSeeds, holdsSeeds } from "./legacy-schema";
import type { Connection } from "./connection";
import { newer, notADatabase } from "./errors";
import { applicationId, migrations, readVersions, schemaVersion } from "./schema";

/** What a file turned out to be. */
type Kind = "ours" | "empty" | "seeds";

/** Makes, migrates or adopts the schema; refuses a newer or foreign database without touching it. */
export async function prepareSchema(connection: Connection): Promise<void> {
  const kind = await connection.retry(() => identify(connection));
  if (kind === "seeds") await connection.retry(() => backUp(connection));
  if (kind !== "ours") {
    // Both must be set before there is a page in the new format; switching to WAL can itself be busy.
    await connection.retry(() => connection.db.run("pragma auto_vacuum = incremental"));
    await connection.retry(() => connection.db.run("pragma journal_mode = wal"));
  }
  const migrateSchema = (): void => {
    // Another process may have been first.
    const now = identify(connection);
    const version = now === "ours" ? (readVersions(connection)?.version ?? 0) : 0;
    if (now === "seeds") adoptSeeds(connection);
    for (const migration of migrations) {
      if (migration.version <= version) continue;
      connection.db.run(migration.sql);
      connection.run(
        "insert or replace into _schema_version(version, applied_at) values ($version, $applied_at)",
        { version: migration.version, applied_at: timestamp(Date.now()) },
      );
    }
    connection.db.run(`pragma application_id = ${applicationId}`);
  };
  await connection.retry(() => connection.transaction("begin immediate", migrateSchema));
}

function identify(connection: Connection): Kind {
  const id = connection.get<{ application_id: number }>("pragma application_id")?.application_id;
  if (id === applicationId) {
    const version = readVersions(connection)?.version ?? 0;
    if (version > schemaVersion) throw newer(connection.path, version, schemaVersion);
    return "ours";
  }
  if (id !== 0) throw notADatabase(connection.path);
  const tables = connection.get<{ count: number }>(
    "select count(*) as count from sqlite_master where name not like 'sqlite_%'",
  );
  if (tables?.count === 0) return "empty";
  if (holdsSeeds(connection)) return "seeds";
  throw notADatabase(connection.path);
}

/** A whole copy beside the database, made before anything in it is changed. */
function backUp(connection: Connection): void {
  const stamp = timestamp(Date.now()).replaceAll(/[-:.]/g, "");
  connection.run("vacuum into $target", { target: `${connection.path}.before-parley-${stamp}` });
}
