/** Opening a SQLite file. */
import { existsSync, mkdirSync, type Stats, statSync, closeSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { constants, Database } from "bun:sqlite";
import { ParleyError } from "../../bus/errors";
import type { Settings, StoreOptions } from "../../bus/settings";
import { closeUntouched } from "./checkpoint";
import { Connection } from "./connection";
import { isFull, isRefusal, notADatabase, translated } from "./errors";
import { busyTimeout, walBytes, walPages } from "./pragmas";
import { refuseNetworkFileSystem } from "./network-file-system";
import { requirePrivateDirectory } from "./ownership";
import { applicationId, readVersions, schemaVersion } from "./schema";

/**
 * `busy_timeout` first: everything after it may meet a lock. A low autocheckpoint and a journal limit keep the
 * write-ahead log small (it grew to 4 MB with the defaults). `synchronous = normal` survives a kill of any process;
 * a power cut may take the last commits, never the database's consistency.
 */
const pragmas = (timeout: number): string => `
  pragma busy_timeout = ${timeout};
  pragma synchronous = normal;
  pragma wal_autocheckpoint = ${walPages};
  pragma journal_size_limit = ${walBytes};
`;

/** Opens the database of `path`, making, migrating or adopting it where needed. */
export async function openConnection(path: string, options: StoreOptions): Promise<Connection> {
  requirePrivateDirectory(path);
  const found = fileAt(path);
  if (found) requireFile(path, found);
  else {
    if (options.mode !== "create") {
      throw new ParleyError("not_found", `Database not found: ${path}`, {
        hint: "run parley register first, or name another with --db or PARLEY_DB",
        details: { database: path },
      });
    }
    makeDirectory(dirname(path));
  }
  if (!options.settings.allowNetwork) refuseNetworkFileSystem(found ? path : dirname(path), path);
  try {
    const connection = await openForWriting(path, options);
    const few = noneLeft(path);
    if (few === null) return connection;
    closeUntouched(connection, path);
    throw few;
  } catch (error) {
    const cause = unwrapped(error);
    const few = isRefusal(cause) ? tooFewToOpen(path) : null;
    if (few) throw few;
    if (options.mode !== "read" || !(isRefusal(cause) || isFull(cause)))
      throw translated(error, path);
    return openForReading(path, options.settings, error);
  }
}

/** Null also where it may not be looked up: making it will say why. */
function fileAt(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** SQLite would say that it may not write it, or that it is damaged. */
function requireFile(path: string, found: Stats): void {
  if (found.isFile()) return;
  const isDirectory = found.isDirectory();
  const what = isDirectory ? "a directory" : "no file";
  throw new ParleyError("invalid", `${path} is ${what}, and so no parley database`, {
    hint: isDirectory
      ? `name a file in it with --db or PARLEY_DB, such as ${join(path, "messaging.db")}`
      : "name a file with --db or PARLEY_DB",
    details: { database: path },
  });
}

const unwrapped = (error: unknown): unknown =>
  error instanceof ParleyError && error.cause !== undefined ? error.cause : error;

/** Codes of errors that say that no directory can have this path, whoever asks. */
const impossible = new Set(["ENOTDIR", "EEXIST", "ENAMETOOLONG", "ENOENT", "ELOOP"]);

function makeDirectory(directory: string): void {
  try {
    privately(() => mkdirSync(directory, { recursive: true, mode: 0o700 }));
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    // "EACCES: permission denied, mkdir '/x'"
    const [, first = "", rest = ""] = /^\w+: (.)([^,]*)/.exec(message) ?? [];
    const known = impossible.has(code);
    throw new ParleyError(
      known ? "invalid" : "not_permitted",
      `${first.toUpperCase()}${rest}: cannot make the directory ${directory}`,
      {
        hint: `${known ? "" : "check its permissions and its disk, or "}name another place with --db or PARLEY_DB`,
        details: { directory, system: code },
        cause: error,
      },
    );
  }
}

async function openForWriting(path: string, options: StoreOptions): Promise<Connection> {
  // An interrupted rollback journal is played back by the first read; ours has one only while it is being made.
  if (existsSync(`${path}-journal`)) refuseForeign(path);
  const db = privately(
    () => new Database(path, { readwrite: true, create: options.mode === "create", strict: true }),
  );
  const connection = new Connection(db, path, null, options.settings, options.giveUpAt);
  try {
    const versions = await connection.retry(() => {
      // Even these read the file, and can meet a process that is recovering it or closing it last.
      db.run(pragmas(connection.busyTimeout));
      return readVersions(connection);
    });
    if (versions?.application_id !== applicationId || versions.version !== schemaVersion) {
      const { prepareSchema } = await import("./migrate");
      await prepareSchema(connection);
    }
    return connection;
  } catch (error) {
    closeUntouched(connection, path);
    throw error;
  }
}

/** Directories are 0700 and files 0600 whatever the umask; SQLite gives its side files the mode of the main one. */
function privately<T>(make: () => T): T {
  const umask = process.umask(0o077);
  try {
    return make();
  } finally {
    process.umask(umask);
  }
}

export const immutable = (path: string): string =>
  `file:${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}?immutable=1`;

/** A URI needs its own flag, and flags leave no room for `strict`: see `Connection`. */
const readByUri = constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI;

/** Looks at the file as it lies there: no lock is taken, so no other process is met, and no journal is played back. */
function refuseForeign(path: string): void {
  const probe = new Database(immutable(path), readByUri);
  let row: { application_id: number } | null = null;
  try {
    row = probe.query<{ application_id: number }, []>("pragma application_id").get();
  } catch {
    // Its first page is not written yet, or is only right together with the journal.
  } finally {
    probe.close();
  }
  if (row && row.application_id !== applicationId && row.application_id !== 0)
    throw notADatabase(path);
}

/**
 * For reading verbs on a medium that allows no writing, or has no space for it. A clean WAL database there needs
 * `immutable`, which looks past the write-ahead log: where there is one it would show a database that never was.
 */
function openForReading(path: string, settings: Settings, refusal: unknown): Connection {
  const clean = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
  for (const name of clean ? [path, immutable(path)] : [path]) {
    const db = tryReading(name);
    if (!db) continue;
    const why = isFull(unwrapped(refusal)) ? "its disk is full" : "it may only be read";
    const connection = new Connection(db, path, why, settings, undefined, name !== path);
    const versions = readVersions(connection);
    if (versions?.application_id === applicationId && versions.version === schemaVersion) {
      return connection;
    }
    connection.close();
  }
  throw translated(refusal, path);
}

function tryReading(name: string): Database | null {
  try {
    const db = new Database(name, readByUri);
    db.run(`pragma busy_timeout = ${busyTimeout}`);
    db.query("select count(*) from sqlite_master").get();
    return db;
  } catch {
    return null;
  }
}

/** What SQLite opens before the first answer: database, log, its index, and while it makes them their directory. */
const forOpening = 4;

/** Whether the process may open as many more files. */
function canOpen(count: number): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync("/dev/null", "r"));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== "EMFILE" && code !== "ENFILE";
  } finally {
    for (const each of opened) closeSync(each);
  }
}

/** What SQLite calls a refusal by the medium, before it had all it needs: the error that it was instead, or null. */
export const tooFewToOpen = (path: string): ParleyError | null =>
  canOpen(forOpening) ? null : tooFew(path);

/** With none left, processes cannot be looked at, and a session would not be known again. */
export const noneLeft = (path: string): ParleyError | null => (canOpen(1) ? null : tooFew(path));

const tooFew = (path: string): ParleyError =>
  new ParleyError("not_permitted", `Too few files may be open at once to work with ${path}`, {
    hint: "allow more, for example by ulimit -n 256",
    details: { database: path },
  });
