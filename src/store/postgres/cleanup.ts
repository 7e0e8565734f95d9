/** All of it, in batches. */
import type { Removed } from "../../bus/cleanup";
import type { Liveness } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import type { CleanedUp } from "../../bus/store";
import type { Connection } from "./connection";
import type { Queries } from "./queries";
import { firstBatch, nextBatch } from "../rows/batch";
import { nothing } from "../rows/overdue";
import { messageSweeps, otherSweeps } from "./overdue";
import { endSessions } from "./rescue";
import { notEnded } from "./session";
import { waiters, waitingSessions } from "./waiter";

const tables = ["session_registry", "session_messages", "deliveries", "file_locks", "task_claims"];

export async function cleanUp(
  connection: Connection,
  liveness: Liveness,
  { vacuum }: { vacuum: boolean },
): Promise<CleanedUp> {
  const removed = nothing();
  await endDead(connection, liveness, removed);
  for (const sweep of [...otherSweeps, ...messageSweeps]) {
    await inBatches(connection, (c, limit) => sweep(c, liveness.now, limit, removed));
  }
  await connection.write(async (c) => {
    // Looking at the queues forgets those who wait no more.
    await waiters(c, "lock", liveness);
    await waiters(c, "claim", liveness);
  });
  const blocked = await giveBack(connection, vacuum);
  return { removed, blocked, shrinks: true, ...(await whoIsLeft(connection, removed)) };
}

/** Returns for how many milliseconds each of the tables together was kept from everybody; null where none was. */
async function giveBack(connection: Connection, full: boolean): Promise<number | null> {
  const started = performance.now();
  for (const table of tables) {
    await connection.script(`vacuum ${full ? "(full)" : ""} parley.${table}`);
  }
  return full ? performance.now() - started : null;
}

/** Repeats `work` until it finds less than its limit, each time in a transaction of its own, and lets others in between. */
async function inBatches(
  connection: Connection,
  work: (c: Queries, limit: number) => Promise<number>,
): Promise<void> {
  for (let limit = firstBatch; ;) {
    let started = 0;
    const handled = await connection.write((c) => {
      started = performance.now();
      return work(c, limit);
    });
    const held = performance.now() - started;
    if (handled < limit) return;
    limit = nextBatch(limit, held);
  }
}

/** Ends the dead sessions, which frees what they hold. */
async function endDead(
  connection: Connection,
  liveness: Liveness,
  removed: Removed,
): Promise<void> {
  const judged = (record: SessionRecord): string | null => liveness.judge(record).ended;
  const dead = (await connection.look(notEnded)).filter((record) => judged(record) !== null);
  const ids = dead.map((record) => record.session_id);
  for (let begin = 0; begin < ids.length; begin += firstBatch) {
    // They are judged again: a sign of life that came in between wins.
    const ended = await connection.write((c) =>
      endSessions(c, ids.slice(begin, begin + firstBatch), judged, liveness),
    );
    for (const { released } of ended) {
      removed.locks += released.locks;
      removed.claims += released.claims;
    }
  }
}

/** Who is to keep a bell, and whom to ring. */
const whoIsLeft = (
  connection: Connection,
  { locks, claims }: Removed,
): Promise<{ live: string[]; touched: string[] }> =>
  connection.read(async (c) => ({
    live: (await notEnded(c)).map((record) => record.session_id),
    touched: [
      ...(locks > 0 ? await waitingSessions(c, "lock") : []),
      ...(claims > 0 ? await waitingSessions(c, "claim") : []),
    ],
  }));
