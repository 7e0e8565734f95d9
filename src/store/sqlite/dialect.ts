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

/** In this order: what follows a cast has to be recognised without it. */
const rules: readonly (readonly [RegExp, string])[] = [
  [/\bparley\./g, ""],
  [/::\w+(\[\])?/g, ""],
  [/ collate "C"/g, ""],
  [/= any\((\$\w+)\)/g, "in (select value from json_each($1))"],
  [/<> all\((\$\w+)\)/g, "not in (select value from json_each($1))"],
  [/\bunnest\((\$\w+)\) as (\w+)\(value\)/g, "json_each($1) as $2"],
  [/\bleast\(/g, "min("],
  [/\bgreatest\(/g, "max("],
  [/\blastval\(\)/g, "last_insert_rowid()"],
];

/** A statement in SQLite's own words. */
export const inDialect = (sql: string): string =>
  rules.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), sql);

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
