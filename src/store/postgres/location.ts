/** Where a bus on a server is, by its URL. */
import { ParleyError } from "../../bus/errors";

/** Where a bus is: the server's URL as the driver takes it, and the schema in it. */
export interface Location {
  url: string;
  schema: string;
  /** For people: without password, and without options but the schema. */
  text: string;
}

const defaultSchema = "parley";
/** What needs no thought in any tool; PostgreSQL cuts longer names (NAMEDATALEN - 1). */
const schemaForm = /^[a-z_][a-z0-9_]{0,62}$/;

/** Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME`. Throws `invalid`, and repeats no password. */
export function locationOf(url: string, schema: string | undefined): Location {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (cause) {
    throw new ParleyError("invalid", "The URL of the PostgreSQL server cannot be read", {
      hint: "write it as postgres://USER@HOST:PORT/DATABASE; escape other characters of a password as %XX",
      cause,
    });
  }
  const name = parsed.searchParams.get("schema") || schema || defaultSchema;
  if (!schemaForm.test(name)) {
    throw new ParleyError("invalid", `${JSON.stringify(name)} cannot be a schema of parley`, {
      hint: "use small letters, digits and underscores",
    });
  }
  // The driver would send it to the server as a setting.
  parsed.searchParams.delete("schema");
  return { url: parsed.href, schema: name, text: withoutSecrets(parsed, name) };
}

function withoutSecrets({ username, host, pathname, searchParams }: URL, schema: string): string {
  const socket = searchParams.get("host") ?? searchParams.get("path");
  const options = [
    ...(socket === null ? [] : [`host=${socket}`]),
    ...(schema === defaultSchema ? [] : [`schema=${schema}`]),
  ];
  const user = username === "" ? "" : `${username}@`;
  return `postgres://${user}${host}${pathname}${options.length > 0 ? `?${options.join("&")}` : ""}`;
}
