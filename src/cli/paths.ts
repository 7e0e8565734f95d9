/** Where database, logs and bells are. */
import { dirname, isAbsolute, join, resolve } from "node:path";

import { ParleyError } from "../bus/errors";

type Env = Record<string, string | undefined>;

/** Where parley keeps what is its own: `$XDG_DATA_HOME/parley`, `~/.local/share/parley`, `%LOCALAPPDATA%\parley`. */
export function dataDirectory(env: Env): string {
  if (env["XDG_DATA_HOME"]?.startsWith("/")) return join(env["XDG_DATA_HOME"], "parley");
  if (process.platform === "win32" && env["LOCALAPPDATA"])
    return join(env["LOCALAPPDATA"], "parley");
  return join(homeDirectory(env), ".local", "share", "parley");
}

/** Throws `not_permitted` where neither HOME nor the user's entry names one. */
export function homeDirectory(env: Env): string {
  const home = env["HOME"] || homeByEntry();
  if (home && isAbsolute(home)) return home;
  if (home)
    throw new ParleyError("not_permitted", `The home directory ${home} is no absolute path`, {
      hint: "set HOME to one: every directory would have a bus of its own",
    });
  throw new ParleyError("not_permitted", "There is no home directory to keep the database in", {
    hint: "set HOME, or name a database with --db or PARLEY_DB",
  });
}

/** Loading node:os costs a quarter of a millisecond, for what HOME nearly always says. */
function homeByEntry(): string | null {
  try {
    return process.getBuiltinModule("node:os").homedir();
  } catch {
    return null;
  }
}

/** Whether a database is named that is on a PostgreSQL server. */
export const isServerUrl = (database: string): boolean => /^postgres(ql)?:\/\//.test(database);

/**
 * The one place that says where the database is: `--db`, else PARLEY_DB, else the data directory. A path, or the URL of a
 * PostgreSQL server. Throws `invalid` for any other URL.
 */
export function messagingDatabasePath(env: Env, option: string | undefined, cwd: string): string {
  const named = option || env["PARLEY_DB"];
  if (!named) return join(dataDirectory(env), "messaging.db");
  if (isServerUrl(named)) return named;
  refuseOtherUrl(named);
  return resolve(cwd, named.startsWith("~/") ? join(homeDirectory(env), named.slice(2)) : named);
}

/** A mistyped URL would otherwise become a directory of that name, and a bus that nobody else finds. */
function refuseOtherUrl(named: string): void {
  const scheme = /^([a-z][a-z0-9+.-]+):\//i.exec(named)?.[1];
  if (scheme === undefined) return;
  // Not more of it: a password may follow.
  throw new ParleyError(
    "invalid",
    `The database is named by a URL that parley cannot use: ${scheme}:…`,
    {
      hint: "name a file, or a server as postgres://USER@HOST/DATABASE",
    },
  );
}

export const signalDirectory = (databasePath: string): string =>
  join(dirname(databasePath), "bell");

/** Root of the session logs: PARLEY_LOG_DIR, else below the data directory. */
export const logRoot = (env: Env): string =>
  env["PARLEY_LOG_DIR"] || join(dataDirectory(env), "session-logs");
