/** SQL of the store as SQLite takes it. */
import type { Bindings, Dialect } from "../database";

export const dialect: Dialect = {
  arrival: "rowid",
  // Rows that an index holds for one value are in this order anyway; to ask for it costs 10 µs.
  byArrival: "",
  // Other programs end sessions without saying when.
  endedAt: "coalesce(ended_at, heartbeat_at)",
  byEnd: "indexed by ended_session",
  among: (select) => `in (${select})`,
  perMachine: false,
  lockMachine: "'' as machine_uuid",
  onMachine: "true",
  onMachineOrAll: "true",
  inScope: "true",
  // Alerts of other programs have no deliveries to those they name.
  mayName: "true",
  automaticHeartbeats: false,
  newestId: "select seq as id from sqlite_sequence where name = 'session_messages'",
  legacyMessages: "(select count(*) from inter_session_messages)",
};

/** What is written otherwise, in one pass: a process that runs one command meets each statement once, in a transaction. */
const foreign =
  /\bparley\.|(= any|<> all)\((\$\w+)(?:::\w+\[\])?\)|\bunnest\((\$\w+)(?:::\w+\[\])?\) as (\w+)\(value\)|::\w+(?:\[\])?| collate "C"|\b(least|greatest|lastval)\(/g;

const functions: Readonly<Record<string, string>> = {
  least: "min(",
  greatest: "max(",
  lastval: "last_insert_rowid(",
};

/** A statement in SQLite's own words. */
export const inDialect = (sql: string): string =>
  sql.replace(
    foreign,
    (_, member?: string, list?: string, unnested?: string, alias?: string, name?: string) => {
      if (member)
        return `${member === "= any" ? "in" : "not in"} (select value from json_each(${list}))`;
      if (unnested) return `json_each(${unnested}) as ${alias}`;
      return name ? functions[name]! : "";
    },
  );

export type SqliteBindings = Record<string, string | number | null>;

/** Lists are bound as JSON, and truth as a number. Most bindings have neither, and stay as they are. */
export function bound(bindings: Bindings): SqliteBindings {
  for (const name in bindings) {
    const value = bindings[name];
    if (typeof value === "boolean" || (typeof value === "object" && value !== null)) {
      return Object.fromEntries(Object.entries(bindings).map(([each, it]) => [each, plain(it)]));
    }
  }
  return bindings as SqliteBindings;
}

const plain = (value: Bindings[string]): string | number | null =>
  typeof value === "boolean"
    ? Number(value)
    : typeof value === "object" && value !== null
      ? JSON.stringify(value)
      : value;
