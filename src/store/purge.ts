/** Removing a little of what is past its time, after other work. */
import { parseTime, timestamp } from "../bus/clock";
import type { Database, Statements } from "./database";
import { anyRanOut, holdingSweeps, messageSweeps, nothing, type Sweep } from "./retention";

/** How often writers purge, all processes together, and how soon again where something was left, in milliseconds. */
const interval = 60_000;
const catchUp = 50;
/** How soon again where each statement is a trip of its own, and something was past its time. */
const soon = 5000;
/** How long the process that purges outside of the lock has for it, in milliseconds. */
const lease = 1000;

/** Farther in the future is no appointment but a clock that was wrong. */
const farthest = (at: number): number => at + 2 * interval;

/** Whether it is not yet the time of the next purge. */
const isEarly = (at: number, dueAt: number): boolean => at < dueAt && dueAt < farthest(at);

/**
 * What every writer does after its own work: once a minute one of them removes a little of what is past its time, so that
 * a bus stays bounded that is never cleaned up. Where a purge could not finish, the next comes after 50 ms, which outruns
 * any writer. When it is due again stands in the database.
 */
export function openPurge(db: Database): (at: number) => Promise<void> {
  let dueAt = 0;
  return async (at) => {
    if (isEarly(at, dueAt)) return;
    try {
      const found = await db.query((s) => appointment(s, db.remote, at));
      dueAt = found.dueAt;
      if (found.isMine) dueAt = await purge(db, at);
    } catch (error) {
      // The work that it comes after has been done, and must not fail by it.
      if (!db.isFailure(error)) throw error;
    }
  };
}

/** When the next purge is due, and whether this process is to do it. */
async function appointment(
  s: Statements,
  remote: boolean,
  at: number,
): Promise<{ dueAt: number; isMine: boolean }> {
  const bindings = {
    ...{ now: timestamp(at), until: timestamp(at + lease), wrong: timestamp(farthest(at)) },
  };
  const [taken, row] = await Promise.all([
    // Outside of the lock another process could do the same: the lease keeps it from that.
    remote &&
      s.get(
        `update parley.upkeep set purge_at = $until
          where id = 1 and (purge_at <= $now or purge_at > $wrong) returning id`,
        bindings,
      ),
    s.get<{ purge_at: string }>("select purge_at from parley.upkeep where id = 1"),
  ]);
  const dueAt = parseTime(row?.purge_at) ?? 0;
  return { dueAt, isMine: remote ? taken !== null : !isEarly(at, dueAt) };
}

/** Removes what there is time for. Returns when it is to be done again. */
async function purge(db: Database, at: number): Promise<number> {
  const { budget, rows } = db.upkeep.purge;
  const until = performance.now() + budget;
  const removed = nothing();
  const sweep = (s: Statements, each: Sweep): Promise<boolean> =>
    repeat(until, rows, () => each(s, at, rows, removed));
  const messages = messageSweeps(db.upkeep);
  if (!db.remote) {
    const next = await db.writeIfFree(async (s) => {
      let finished = true;
      for (const each of [...holdingSweeps, ...messages]) finished &&= await sweep(s, each);
      finished &&= db.upkeep.shrink?.(until) ?? true;
      return schedule(s, at + (finished ? interval : catchUp));
    });
    return next ?? 0;
  }
  let finished = true;
  if (await db.query((s) => anyRanOut(s, at))) {
    const done = await db.writeIfFree(async (s) => {
      for (const each of holdingSweeps) finished &&= await sweep(s, each);
      return true;
    });
    finished &&= done !== null;
  }
  // Messages that can no longer be seen go without the lock of the writers, who would wait for it.
  for (const each of messages) finished &&= await db.query((s) => sweep(s, each));
  const isAnyRemoved = Object.values(removed).some((count) => count > 0);
  const pause = finished ? (isAnyRemoved ? soon : interval) : catchUp;
  return db.query((s) => schedule(s, at + pause));
}

async function schedule(s: Statements, next: number): Promise<number> {
  await s.run("update parley.upkeep set purge_at = $purge_at where id = 1", {
    purge_at: timestamp(next),
  });
  return next;
}

/** Does `work` once, and again while it does as much as it may; false where the time was up before. */
async function repeat(until: number, limit: number, work: () => Promise<number>): Promise<boolean> {
  do if ((await work()) < limit) return true;
  while (performance.now() < until);
  return false;
}
