/** SQL of the store as SQLite takes it. */
import type { Bindings, Dialect } from "../database";

export const dialect: Dialect = {
  arrival: "rowid",
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

const translations = new Map<string, string>();

/** Translates a statement once; from then on it is known by its text. */
export function translated(sql: string): string {
  let text = translations.get(sql);
  if (text === undefined) {
    text = rules.reduce((each, [pattern, replacement]) => each.replace(pattern, replacement), sql);
    translations.set(sql, text);
  }
  return text;
}

export type SqliteBindings = Record<string, string | number | null>;

/** Lists are bound as JSON, and truth as a number. */
export function bound(bindings: Bindings): SqliteBindings {
  const values: SqliteBindings = {};
  for (const name in bindings) {
    const value = bindings[name]!;
    values[name] =
      typeof value === "object" && value !== null
        ? JSON.stringify(value)
        : typeof value === "boolean"
          ? Number(value)
          : value;
  }
  return values;
}
