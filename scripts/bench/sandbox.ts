/** Gives a measurement a home of its own, with a bus in a file or on a server. */
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SQL } from "bun";

/** A home of its own for one measurement, with a bus in it. */
export interface Sandbox extends Disposable {
  directory: string;
  database: string;
  env: Record<string, string>;
  binary: string;
  /** Bytes of the database and its write-ahead log. */
  bytes(): number;
}

export function createSandbox(binary: string, wake: "auto" | "poll" = "auto"): Sandbox {
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
  /** URL of the bus in it. */
  url: string;
  drop(): Promise<void>;
}

/** Makes a schema that is empty except for the bare table. */
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

/** A sandbox whose bus is on a server. */
export async function createServerSandbox(
  binary: string,
  wake: "auto" | "poll",
  server: string,
): Promise<Sandbox & AsyncDisposable> {
  const sandbox = createSandbox(binary, wake);
  const { url, drop } = await makeSchema(server);
  return {
    ...sandbox,
    env: { ...sandbox.env, PARLEY_DB: url },
    async [Symbol.asyncDispose]() {
      sandbox[Symbol.dispose]();
      await drop();
    },
  };
}
