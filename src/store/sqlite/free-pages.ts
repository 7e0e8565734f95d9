/** Free pages of a SQLite file, and its write-ahead log. */
import type { Connection } from "./connection";

/**
 * Moves the last pages of the database into free ones and cuts them off: at most `limit`, inside the caller's
 * transaction. Returns how many. None where the database was made without auto_vacuum.
 */
export function reclaimPages(c: Connection, limit: number): number {
  const before = pages(c);
  c.db.run(`pragma incremental_vacuum(${limit})`);
  return before - pages(c);
}

const pages = (c: Connection): number =>
  c.get<{ page_count: number }>("pragma page_count")?.page_count ?? 0;

export const freePages = (c: Connection): number =>
  c.get<{ freelist_count: number }>("pragma freelist_count")?.freelist_count ?? 0;

export const shrinks = (c: Connection): boolean =>
  c.get<{ auto_vacuum: number }>("select auto_vacuum from pragma_auto_vacuum")?.auto_vacuum !== 0;

/** Rewrites the database, and makes it one that can shrink. Returns for how many milliseconds no other process could write. */
export function rewrite(c: Connection): Promise<number> {
  return c.retry(() => {
    c.db.run("pragma auto_vacuum = incremental");
    const started = performance.now();
    c.db.run("vacuum");
    return performance.now() - started;
  });
}

/** Copies what is in the write-ahead log into the database, as far as its readers allow. Keeps no other process waiting. */
export const checkpoint = (c: Connection): unknown => c.get("pragma wal_checkpoint(passive)");

/** How often, and how many milliseconds apart, it is tried to catch a liveness without readers. */
const attempts = 10;
const pause = 20;

/**
 * Shortens the write-ahead log to nothing, if a liveness without readers comes soon. What a truncating checkpoint has to
 * copy it copies while it keeps writers out, so all is copied before; and under a reader it would wait for the whole
 * busy_timeout, with every writer behind it, so that is 0.
 */
export async function shortenLog(c: Connection): Promise<void> {
  const isShort = (): boolean => {
    checkpoint(c);
    return c.get<{ busy: number }>("pragma wal_checkpoint(truncate)")?.busy === 0;
  };
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await c.inTurn(() => c.within(0, isShort))) return;
    await Bun.sleep(pause);
  }
}
