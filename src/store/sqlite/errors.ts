/** Errors of SQLite, in the words of the bus. */
import { SQLiteError } from "bun:sqlite";

import { ParleyError } from "../../bus/errors";

/** How long an operation may wait for the database, all retries together, in milliseconds. */
export const deadline = 10_000;

export const isBusy = (error: unknown): boolean =>
  error instanceof SQLiteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code ?? "");

/** A refusal by the medium, on which reading verbs fall back to a read-only connection. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof SQLiteError && /^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/.test(error.code ?? "");

/** `SHMSIZE` comes before any page is written: the index of the log finds no space. */
export const isFull = (error: unknown): boolean =>
  error instanceof SQLiteError &&
  /^SQLITE_(FULL|IOERR_SHMSIZE|IOERR_WRITE)$/.test(error.code ?? "");

/** Turns what the driver throws into our vocabulary; our own errors pass. `waited`: for a busy database, in milliseconds. */
export function translated(error: unknown, path: string, waited?: number): unknown {
  if (!(error instanceof SQLiteError)) return error;
  const code = error.code ?? "";
  const extras = { details: { database: path, sqlite: code || error.message }, cause: error };
  if (isBusy(error)) {
    const long = waited === undefined ? "" : ` for ${Math.round(waited / 100) / 10} s`;
    return new ParleyError("busy", `Database locked: ${path} was busy${long}`, {
      ...extras,
      hint: "try again; a process that holds the lock this long may be stuck",
    });
  }
  if (isFull(error)) {
    return new ParleyError("not_permitted", `No space left for ${path}`, {
      ...extras,
      hint: "free some space on that disk; nothing was changed",
    });
  }
  if (isRefusal(error)) {
    return new ParleyError("not_permitted", `Permission denied: cannot write ${path}`, {
      ...extras,
      hint: "check the permissions of the database and its directory, or name another with --db or PARLEY_DB",
    });
  }
  if (code === "SQLITE_NOTADB") return notADatabase(path, error);
  if (/^SQLITE_(CORRUPT|IOERR)/.test(code) || /^no such (table|column)/.test(error.message)) {
    return new ParleyError("internal", `The database ${path} is damaged: ${error.message}`, {
      ...extras,
      hint: "run parley doctor --repair",
    });
  }
  return error;
}

export const newer = (path: string, version: number, known: number): ParleyError =>
  new ParleyError("invalid", `${path} has schema ${version}; this parley knows ${known}`, {
    hint: "a newer parley has migrated it: install that version here too, and start again what still runs",
    details: { database: path, schema_version: version, known },
  });

export const notADatabase = (path: string, cause?: unknown): ParleyError =>
  new ParleyError("invalid", `${path} is not a parley database`, {
    hint: "name another path with --db or PARLEY_DB; this file was left as it is",
    details: { database: path },
    cause,
  });
