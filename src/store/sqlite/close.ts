/** Closing a SQLite file. */
import { statSync } from "node:fs";

import { Database } from "bun:sqlite";

import type { Connection } from "./connection";
import { walBytes } from "./pragmas";

/**
 * Closes a connection. The last one to close would copy the write-ahead log into the main file and delete it, with four
 * syncs of the disk, for every single command: a short log is left for those who come next (decision 0012). A long one is
 * copied here, since a log that is always left would only grow.
 */
export function closeConnection(c: Connection): void {
  const log = statSync(`${c.path}-wal`, { throwIfNoEntry: false });
  if (c.readOnly || !log || log.size >= walBytes) c.close();
  else closeUntouched(c, c.path);
}

/** Closes a database without copying its log: a read-only connection that closes later prevents it, and itself cannot. */
export function closeUntouched(db: Connection | Database, path: string): void {
  let guard: Database | null = null;
  try {
    guard = new Database(path, { readonly: true });
    // Only a read joins the others in using the log.
    guard.run("pragma schema_version");
  } catch {
    // Nothing to guard: it cannot be read at all.
  }
  db.close();
  guard?.close();
}
