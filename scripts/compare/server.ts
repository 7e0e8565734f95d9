/** A schema of its own on a PostgreSQL server for each binary, and what is in it afterwards. */
import { spawnSync } from "node:child_process";

import { SQL } from "bun";

import type { Rows } from "./picture";

export interface ServerSchema {
  url: string;
  schema: string;
  /** The schema as `pg_dump` writes it, or as the catalogue tells it where there is no `pg_dump`. */
  dump(): Promise<string>;
  rows(): Promise<Rows>;
  drop(): Promise<void>;
}

/** A name and a URL; the schema itself is for the binary to make. */
export function serverSchema(server: string, name: string): ServerSchema {
  const url = new URL(server);
  url.searchParams.set("schema", name);
  const ask = async <T>(work: (sql: SQL) => Promise<T>): Promise<T> => {
    const sql = new SQL(server, { max: 1 });
    try {
      return await work(sql);
    } finally {
      await sql.close({ timeout: 0 });
    }
  };
  return {
    url: url.href,
    schema: name,
    dump: async () => dumped(server, name) ?? ask((sql) => described(sql, name)),
    rows: () =>
      ask(async (sql) => {
        const tables: { table_name: string }[] =
          await sql`select table_name from information_schema.tables where table_schema = ${name} order by 1`;
        const rows: Rows = {};
        for (const { table_name: table } of tables)
          rows[`table ${table}`] = (
            await sql.unsafe(`select to_jsonb(t) as row from ${name}."${table}" t`)
          ).map(({ row }: { row: object | string }) =>
            typeof row === "string" ? JSON.parse(row) : row,
          );
        return rows;
      }),
    drop: () =>
      ask(async (sql) => {
        // What still beats for a session may be in the way: of two who wait for each other the server refuses one.
        for (let attempt = 0; ; attempt++) {
          try {
            await sql
              .unsafe(`set client_min_messages = error; drop schema if exists ${name} cascade`)
              .simple();
            return;
          } catch (error) {
            if (attempt === 5) throw error;
          }
        }
      }),
  };
}

/** Null where there is no `pg_dump` of the server's version or later. */
function dumped(server: string, schema: string): string | null {
  const { status, stdout } = spawnSync(
    "pg_dump",
    ["-s", "--no-owner", "--no-privileges", "-n", schema, server],
    { encoding: "utf8" },
  );
  if (status !== 0) return null;
  // Newer ones write a key of this run.
  return stdout.replace(/^(?:\\(?:un)?restrict .*|-- Dumped .*)\n/gm, "");
}

async function described(sql: SQL, schema: string): Promise<string> {
  const found: { line: string }[] = await sql`
    select format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as line
      from information_schema.columns where table_schema = ${schema}
    union all select indexdef from pg_indexes where schemaname = ${schema}
    union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid))
      from pg_constraint where connamespace = to_regnamespace(${schema})
    union all select pg_get_functiondef(oid) from pg_proc where pronamespace = to_regnamespace(${schema})
    union all select pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where c.relnamespace = to_regnamespace(${schema}) and not tgisinternal
    order by 1`;
  return found.map(({ line }) => line).join("\n");
}
