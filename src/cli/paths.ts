/** Where database, logs and signal files are. */
import { dirname, isAbsolute, join, resolve } from "node:path";

import { ParleyError } from "../bus/errors";

type Env = Readonly<Record<string, string | undefined>>;

/** Parley's own directory: `$XDG_DATA_HOME/parley`, `~/.local/share/parley`, `%LOCALAPPDATA%\parley`. */
function dataDirectory(env: Env): string {
  if (env["XDG_DATA_HOME"]?.startsWith("/")) return join(env["XDG_DATA_HOME"], "parley");
  if (process.platform === "win32" && env["LOCALAPPDATA"])
    return join(env["LOCALAPPDATA"], "parley");
  return join(homeDirectory(env), ".local", "share", "parley");
}

/** Throws `not_permitted` where neither HOME nor the user's account names an absolute path. */
function homeDirectory(env: Env): string {
  const home = env["HOME"] || homeOfAccount();
  if (home && isAbsolute(home)) return home;
  if (home)
    throw new ParleyError("not_permitted", `The home directory ${home} is no absolute path`, {
      hint: "set HOME to one: every directory would have a bus of its own",
    });
  throw new ParleyError("not_permitted", "There is no home directory to keep the database in", {
    hint: "set HOME, or name a database with --db or PARLEY_DB",
  });
}

/** Loading node:os costs a quarter of a millisecond, and HOME is nearly always set. */
function homeOfAccount(): string | null {
  try {
    return process.getBuiltinModule("node:os").homedir();
  } catch {
    return null;
  }
}

/** Whether the name of a database is the URL of a PostgreSQL server. */
export const isServerUrl = (database: string): boolean => /^postgres(ql)?:\/\//.test(database);

/**
 * The one place that decides where the database is: `--db`, else PARLEY_DB, else the data directory. A path, or the URL of a
 * PostgreSQL server. Throws `invalid` for any other URL.
 */
export function messagingDatabasePath(env: Env, option: string | undefined, cwd: string): string {
  const named = option || env["PARLEY_DB"];
  if (!named) return join(dataDirectory(env), "messaging.db");
  if (isServerUrl(named)) return named;
  refuseOtherUrl(named);
  return resolve(cwd, named.startsWith("~/") ? join(homeDirectory(env), named.slice(2)) : named);
}

/** A mistyped URL would otherwise become a directory of that name, with a bus that no other session finds. */
function refuseOtherUrl(named: string): void {
  const scheme = /^([a-z][a-z0-9+.-]+):\//i.exec(named)?.[1];
  if (scheme === undefined) return;
  // The message shows the scheme alone, since a password may follow.
  const message = `The database is named by a URL that parley cannot use: ${scheme}:…`;
  const hint = "name a file, or a server as postgres://USER@HOST/DATABASE";
  throw new ParleyError("invalid", message, { hint });
}

/** The directory of the signal files, whose name on disk is older than the term. */
export const signalDirectory = (databasePath: string): string =>
  join(dirname(databasePath), "bell");

/** Where things are, as absolute paths. Each is found when it is asked for: without a home there may be none. */
export interface Paths {
  /** Throws `not_permitted` where there is none. */
  readonly home: string;
  /** Parley's own directory. */
  readonly data: string;
  /** Root of the session logs: PARLEY_LOG_DIR, else below the data directory. */
  readonly logs: string;
  /** The database: a file, or the URL of a PostgreSQL server. Throws `invalid` for any other URL. */
  readonly database: string;
  /** The directory of the database, where nothing but parley's files should be in it; null for a database that was named. */
  readonly privateDirectory: string | null;
}

/** `db`: the value of `--db`. */
export const pathsFor = (env: Env, cwd: string, db: string | undefined): Paths => ({
  get home() {
    return homeDirectory(env);
  },
  get data() {
    return dataDirectory(env);
  },
  get logs() {
    return env["PARLEY_LOG_DIR"] || join(dataDirectory(env), "session-logs");
  },
  get database() {
    return messagingDatabasePath(env, db, cwd);
  },
  get privateDirectory() {
    return db || env["PARLEY_DB"] ? null : dataDirectory(env);
  },
});
