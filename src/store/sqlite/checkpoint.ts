/** Copying the write-ahead log into the main file, between operations or at the close of a connection. */
import type { Connection } from "./connection";
import { walPages, walBytes } from "./pragmas";
import { statSync } from "node:fs";
import { Database } from "bun:sqlite";

/** From so many writes on a connection counts as one that goes on. */
const many = 3;

/**
 * What follows a write. SQLite copies a long write-ahead log into the main file within the commit that made it long, which
 * syncs the disk twice: the one write in twelve that meets it takes 2 ms instead of 0.4. A connection that goes on does so
 * between its operations instead, and lets the log grow to twice the length before SQLite does it after all.
 */
export class Checkpoints {
  /** While a clean-up makes its own. */
  suspended = false;
  private writes = 0;
  private due = false;

  constructor(private readonly c: Connection) {}

  soon(): void {
    if (this.suspended || ++this.writes < many || this.due) return;
    if (this.writes === many) this.c.db.run(`pragma wal_autocheckpoint = ${2 * walPages}`);
    this.due = true;
    // Timers never fire inside a transaction: see `Connection.transaction`.
    setTimeout(() => this.copyLongLog(), 0);
  }

  private copyLongLog(): void {
    this.due = false;
    try {
      // NOOP tells the length and does nothing.
      const length = this.c.get<{ log: number }>("pragma wal_checkpoint(noop)")?.log ?? 0;
      if (length >= walPages) this.c.get("pragma wal_checkpoint(passive)");
    } catch {
      // The connection is closed, or the medium refuses: the write itself has been done.
    }
  }
}

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
