/** All of it, in batches. */
import { walPages } from "./limits";
import type { Removed } from "../../bus/cleanup";
import type { Liveness } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import type { CleanedUp } from "../../bus/store";
import type { Connection } from "./connection";
import { firstBatch, nextBatch } from "../rows/batch";
import { nothing } from "../rows/overdue";
import { allSweeps } from "./overdue";
import { endSessions } from "./rescue";
import { notEnded } from "./session";
import { checkpoint, reclaimPages, rewrite, shortenLog, shrinks } from "./space";
import { waiters, waitingSessions } from "./waiter";

export async function cleanUp(
  c: Connection,
  liveness: Liveness,
  { vacuum }: { vacuum: boolean },
): Promise<CleanedUp> {
  const removed = nothing();
  // Else every commit of ours would be followed by a checkpoint within the time that is measured.
  c.db.run("pragma wal_autocheckpoint = 0");
  try {
    await endDead(c, liveness, removed);
    for (const sweep of allSweeps) {
      await inBatches(c, (limit) => sweep(c, liveness.now, limit, removed));
    }
    await c.write(() => {
      // Looking at the queues forgets those who wait no more.
      waiters(c, "lock", liveness);
      waiters(c, "claim", liveness);
    });
    if (!vacuum) await inBatches(c, (limit) => reclaimPages(c, limit));
    const blocked = vacuum ? await rewrite(c) : null;
    await shortenLog(c);
    return { removed, blocked, shrinks: shrinks(c), ...(await whoIsLeft(c, removed)) };
  } finally {
    // As every connection is opened.
    c.db.run(`pragma wal_autocheckpoint = ${walPages}`);
  }
}

/**
 * Repeats `work` until it finds less than its limit, each time in a transaction of its own and with a pause after it:
 * a writer that waits looks again after 1, 2, 5, 10, 15, 20, 25 … ms (SQLite's busy handler), so that short holds with
 * pauses as long let it in soon.
 */
async function inBatches(c: Connection, work: (limit: number) => number): Promise<void> {
  for (let limit = firstBatch; ;) {
    let started = 0;
    const handled = await c.write(() => {
      started = performance.now();
      return work(limit);
    });
    const held = performance.now() - started;
    if (handled > 0) {
      checkpoint(c);
      await Bun.sleep(held);
    }
    if (handled < limit) return;
    limit = nextBatch(limit, held);
  }
}

/** Ends the dead sessions, which frees what they hold. */
async function endDead(c: Connection, liveness: Liveness, removed: Removed): Promise<void> {
  const judged = (record: SessionRecord): string | null => liveness.judge(record).ended;
  const dead = (await c.read(() => notEnded(c))).filter((record) => judged(record) !== null);
  const ids = dead.map((record) => record.session_id);
  await inBatches(c, (limit) => {
    const batch = ids.splice(0, limit);
    // They are judged again: a sign of life that came in between wins.
    for (const { released } of endSessions(c, batch, judged, liveness)) {
      removed.locks += released.locks;
      removed.claims += released.claims;
    }
    return batch.length;
  });
}

/** Who is to keep a bell, and whom to ring. */
const whoIsLeft = (
  c: Connection,
  { locks, claims }: Removed,
): Promise<{ live: string[]; touched: string[] }> =>
  c.read(() => ({
    live: notEnded(c).map((record) => record.session_id),
    touched: [
      ...(locks > 0 ? waitingSessions(c, "lock") : []),
      ...(claims > 0 ? waitingSessions(c, "claim") : []),
    ],
  }));
