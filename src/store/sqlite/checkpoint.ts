/** Copying a long log between operations. */
import type { Connection } from "./connection";
import { walPages } from "./limits";

/** From so many writes on a connection counts as one that goes on. */
const many = 3;

/**
 * What follows every write. SQLite copies a long write-ahead log into the main file within the commit that made it long,
 * which syncs the disk twice: the one write in twelve that meets it takes 2 ms instead of 0.4. A connection that goes on
 * does so between its operations instead, and lets the log grow to twice the length before SQLite does it after all.
 */
export function openCheckpoints(c: Connection): () => void {
  let writes = 0;
  let due = false;
  const copyLongLog = (): void => {
    due = false;
    try {
      // NOOP tells the length and does nothing.
      const length = c.get<{ log: number }>("pragma wal_checkpoint(noop)")?.log ?? 0;
      if (length >= walPages) c.get("pragma wal_checkpoint(passive)");
    } catch {
      // The connection is closed, or the medium refuses: the write itself has been done.
    }
  };
  return () => {
    if (++writes < many || due) return;
    if (writes === many) c.run(`pragma wal_autocheckpoint = ${2 * walPages}`);
    due = true;
    setTimeout(copyLongLog, 0);
  };
}
