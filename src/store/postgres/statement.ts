/** Named parameters, and the schema that is meant. */

/** A statement as the server takes it: `$1`, `$2` … for the names, and the schema that is meant by `parley`. */
export interface Statement {
  text: string;
  /** The names of its parameters, in the order of their numbers. */
  names: string[];
}

/** SQL stands in this adapter as it would be typed for the schema `parley`, with parameters by name: `$session_id`. */
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
