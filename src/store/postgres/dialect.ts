/** SQL of the store as PostgreSQL takes it. */
import type { Dialect } from "../database";

export const dialect: Dialect = {
  arrival: "number",
  byArrival: "order by number",
  endedAt: "ended_at",
  byEnd: "",
  // An array is found first: where the query is joined instead, the server may read through a table.
  among: (select) => `= any(array(${select}))`,
  perMachine: true,
  lockMachine: "machine_uuid",
  onMachine: "machine_uuid = $machine",
  onMachineOrAll: "machine_uuid in ($machine, '')",
  inScope: "m.scope = $scope",
  mayName: `exists (
    select 1 from parley.deliveries d where d.message_id = m.id and d.session_id = $session_id)`,
  automaticHeartbeats: true,
  // The sequence would also count messages that are being written, which a cursor placed behind it would miss.
  newestId: `select greatest(coalesce((select max(id) from parley.session_messages), 0), removed_to) as id
    from parley.upkeep where id = 1`,
  legacyMessages: "0",
};

/** A statement as the server takes it: `$1`, `$2` … for the names, and the schema that is meant by `parley`. */
export interface Statement {
  text: string;
  /** The names of its parameters, in the order of their numbers. */
  names: string[];
}

export function statementOf(sql: string, schema: string): Statement {
  const names: string[] = [];
  const text = inSchema(sql, schema).replaceAll(/\$([a-z_]+)/g, (_, name: string) => {
    const known = names.indexOf(name);
    return `$${known < 0 ? names.push(name) : known + 1}`;
  });
  return { text, names };
}

export const inSchema = (sql: string, schema: string): string =>
  schema === "parley" ? sql : sql.replaceAll(/\bparley\./g, `"${schema}".`);
