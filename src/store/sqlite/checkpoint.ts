/** Copying the write-ahead log into the main file between operations. */
import type { Connection } from "./connection";
import { walPages } from "./pragmas";

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
