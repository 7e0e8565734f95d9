/** A home for one measurement. */
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SQL } from "bun";

/** A home of its own for one measurement, with a bus in it. */
export interface Place extends Disposable {
  directory: string;
  database: string;
  env: Record<string, string>;
  binary: string;
  /** Bytes of the database and its write-ahead log. */
  bytes(): number;
}

export function makePlace(binary: string, wake: "auto" | "poll" = "auto"): Place {
  const directory = mkdtempSync(join(tmpdir(), "parley-bench-"));
  const database = join(directory, "bus", "messaging.db");
  mkdirSync(join(directory, "bus"));
  const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    directory,
    database,
    binary,
    env: { HOME: directory, PATH: "/usr/bin:/bin", PARLEY_DB: database, PARLEY_WAKE: wake },
    bytes: () => size(database) + size(`${database}-wal`),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** The table of the transport `postgres`, and of `psql`. */
export const bareTable = "bare_messages";

/** A schema of its own on a server. */
export interface Schema {
  server: string;
  schema: string;
  /** Of the bus in it. */
  url: string;
  drop(): Promise<void>;
}

/** Makes one that is empty but for the bare table. */
export async function makeSchema(server: string): Promise<Schema> {
  const schema = `parley_bench_${process.pid}`;
  const url = new URL(server);
  url.searchParams.set("schema", schema);
  const sql = new SQL(server, { max: 1, idleTimeout: 1 });
  await sql
    .unsafe(
      `create schema ${schema}; create table ${schema}.${bareTable} (
        id bigint generated always as identity primary key, payload text not null)`,
    )
    .simple();
  return {
    ...{ server, schema, url: url.href },
    drop: async () => {
      const quietly = "set client_min_messages = error";
      await sql.unsafe(`${quietly}; drop schema ${schema} cascade`).simple();
      await sql.close();
    },
  };
}

/** A place whose bus is on a server. */
export async function makeServerPlace(
  binary: string,
  wake: "auto" | "poll",
  server: string,
): Promise<Place & AsyncDisposable> {
  const place = makePlace(binary, wake);
  const { url, drop } = await makeSchema(server);
  return {
    ...place,
    env: { ...place.env, PARLEY_DB: url },
    async [Symbol.asyncDispose]() {
      place[Symbol.dispose]();
      await drop();
    },
  };
}
