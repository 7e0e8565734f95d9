/** Finds the PostgreSQL server for tests (PARLEY_TEST_POSTGRES, else 127.0.0.1:5432), and makes schemas on it. */
import { SQL } from "bun";
import { afterAll, describe, test } from "bun:test";
import { join } from "node:path";

const named = process.env["PARLEY_TEST_POSTGRES"];

async function findServer(): Promise<string | null> {
  const user = process.env["PGUSER"] ?? process.env["USER"] ?? "root";
  const url = named ?? `postgres://${user}@127.0.0.1:5432/test`;
  const sql = new SQL(url, { max: 1, connectionTimeout: 2 });
  try {
    await sql`select 1`;
    return url;
  } catch (error) {
    // A server that was named must answer; only without a name tests are skipped.
    if (named) throw error;
    return null;
  } finally {
    await sql.close({ timeout: 0 });
  }
}

/** URL of a database in which schemas may be made; null where there is no server. */
export const server = await findServer();

/** Runs statements on the server by a connection of the test. */
export async function onServer<T>(work: (sql: SQL) => Promise<T>): Promise<T> {
  if (server === null) throw new Error("there is no PostgreSQL server");
  const sql = new SQL(server, { max: 1 });
  try {
    return await work(sql);
  } finally {
    await sql.close({ timeout: 0 });
  }
}

export interface Schema {
  url: string;
  schema: string;
  drop(): Promise<void>;
}

/** A bus of its own, in a schema that does not exist yet. */
export function freshSchema(): Schema {
  const schema = `parley_test_${Bun.randomUUIDv7().replaceAll("-", "")}`;
  const url = new URL(server ?? "");
  url.searchParams.set("schema", schema);
  // Rows of tests need not survive a power cut.
  url.searchParams.set("synchronous_commit", "off");
  return {
    url: url.href,
    schema,
    drop: () => onServer((sql) => drop(sql, schema, 5)),
  };
}

/** Processes that still send heartbeats can cause a deadlock, of which the server refuses one side. */
async function drop(sql: SQL, schema: string, attempts: number): Promise<void> {
  try {
    await sql.unsafe(
      `set client_min_messages = error; set synchronous_commit = off; drop schema if exists ${schema} cascade`,
    );
  } catch (error) {
    const isDeadlock = error instanceof SQL.PostgresError && error.errno === "40P01";
    if (!isDeadlock || attempts === 0) throw error;
    await drop(sql, schema, attempts - 1);
  }
}

let storesOnServer = false;

/** Whether the sandboxes of the tests that run now have their bus on the server. */
export const isOnServer = (): boolean => storesOnServer;

/** Declares the tests of these files `test/cli/stories/NAME.test.ts` again, with sandboxes whose bus is on the server. */
export function storiesOnServer(...names: string[]): void {
  if (server === null) {
    for (const name of names) test.skip(`${name}: no PostgreSQL server`, () => {});
    return;
  }
  storesOnServer = true;
  afterAll(() => void (storesOnServer = false));
  for (const name of names) {
    // The query makes it another module: the process may have loaded the file before.
    const file = join(import.meta.dir, "cli/stories", `${name}.test.ts?again`);
    describe(name, async () => void (await import(file)));
  }
}

/**
 * Declares a story that opens the database file, is about that file, or about a death that no process has noticed yet: on
 * a server the process that sends heartbeats for a session notices its end.
 */
export const onlyInFile = (name: string, story: () => Promise<void>): void =>
  isOnServer() ? test.skip(`${name} (of a file)`, () => {}) : test(name, story);
