/** Removing all that is past its time. */
import type { Removed, CleanedUp } from "../bus/cleanup";
import type { Liveness } from "../bus/liveness";
import type { Ended, SessionRecord } from "../bus/session";
import type { Database } from "./database";
import { endSessions } from "./rescue";
import { holdingSweeps, legacySweeps, messageSweeps, nothing } from "./retention";
import { notEnded } from "./session";
import type { Batch } from "./upkeep";
import { waiters, waitingSessions } from "./wait-queue";

export const cleanUp = (
  db: Database,
  liveness: Liveness,
  { vacuum }: { vacuum: boolean },
): Promise<CleanedUp> =>
  db.upkeep.around(async () => {
    const { upkeep } = db;
    const removed = nothing();
    await endAllDead(db, liveness, removed);
    for (const sweep of [...holdingSweeps, ...messageSweeps(upkeep), ...legacySweeps(upkeep)]) {
      await inBatches(db, (s, limit) => sweep(s, liveness.now, limit, removed));
    }
    await db.write(async (s) => {
      // Looking at the queues forgets those who wait no more.
      await waiters(s, "lock", liveness);
      await waiters(s, "claim", liveness);
    });
    const blocked = await upkeep.giveBack(vacuum, (batch) => inBatches(db, batch));
    const shrinks = await upkeep.shrinks();
    return { removed, blocked, shrinks, ...(await whoIsLeft(db, removed)) };
  });

/** How long a batch should keep the other writers out, in milliseconds. */
const target = 20;
/** Rows of the first batch of a kind, and of the largest. */
const firstBatch = 10;
const largestBatch = 10_000;

/**
 * Repeats `batch` until it finds less than its limit, each time in a transaction of its own, which runs again where it was
 * lost: what outlives it belongs into `committed`, which is told how many rows the batch handled.
 */
async function inBatches(
  db: Database,
  batch: Batch,
  committed: (handled: number) => void = () => {},
): Promise<void> {
  for (let limit = firstBatch; ;) {
    let started = 0;
    const handled = await db.write((s) => {
      started = performance.now();
      return batch(s, limit);
    });
    const held = performance.now() - started;
    committed(handled);
    if (handled > 0) await db.upkeep.afterBatch(held);
    if (handled < limit) return;
    const fitting = Math.round(limit * Math.min(4, target / held));
    limit = Math.min(largestBatch, Math.max(firstBatch, fitting));
  }
}

/** Ends the dead sessions, which frees what they hold. */
async function endAllDead(db: Database, liveness: Liveness, removed: Removed): Promise<void> {
  const reasonFor = (record: SessionRecord): string | null => liveness.judge(record).ended;
  const dead = (await db.query(notEnded)).filter((record) => reasonFor(record) !== null);
  if (dead.length === 0) return;
  const ids = dead.map((record) => record.session_id);
  let ended: readonly Ended[] = [];
  await inBatches(
    db,
    async (s, limit) => {
      const batch = ids.slice(0, limit);
      // They are judged again: a sign of life that came in between wins.
      ended = await endSessions(s, batch, reasonFor, liveness);
      return batch.length;
    },
    (handled) => {
      ids.splice(0, handled);
      for (const { released } of ended) {
        removed.locks += released.locks;
        removed.claims += released.claims;
      }
    },
  );
}

/** The sessions that are left, and those that are to be told that something was freed. */
const whoIsLeft = (
  db: Database,
  { locks, claims }: Removed,
): Promise<{ live: string[]; touched: string[] }> =>
  db.snapshot(async (s) => ({
    live: (await notEnded(s)).map((record) => record.session_id),
    touched: [
      ...(locks > 0 ? await waitingSessions(s, "lock") : []),
      ...(claims > 0 ? await waitingSessions(s, "claim") : []),
    ],
  }));
