/** A little of it, removed by writers once a minute. */
import { parseTime, timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Connection } from "./connection";
import type { Queries } from "./queries";
import { catchUp, farthest, interval, isEarly, nothing } from "../rows/overdue";
import { anyRanOut, messageSweeps, otherSweeps } from "./overdue";

/** How soon writers purge again where something was past its time, in milliseconds. */
const soon = 5000;
/** How long whoever purges has for it. */
const lease = 1000;
/** How long a purge goes on to begin batches, in milliseconds, and how large they are. */
const budget = 5;
const rows = 100;

/**
 * What every writer does after its own work: once a minute one of them removes a little of what is past its time, so
 * that a bus that nobody cleans up stays bounded too. The space is used again once the server has vacuumed the tables.
 */
export function openPurge(connection: Connection): (at: number) => Promise<void> {
  let dueAt = 0;
  return async (at) => {
    if (isEarly(at, dueAt)) return;
    try {
      const { isMine, purge_at } = await connection.look((c) => appointment(c, at));
      dueAt = isMine ? await purge(connection, at) : (parseTime(purge_at) ?? 0);
    } catch (error) {
      // The work that it comes after has been done, and must not fail by it.
      if (!(error instanceof ParleyError)) throw error;
    }
  };
}

interface Appointment {
  isMine: boolean;
  purge_at: string | null;
}

/** Takes it where it is due: then nobody else does so for the time of the lease. */
async function appointment(c: Queries, at: number): Promise<Appointment> {
  const row = await c.get<Appointment>(
    `with mine as (
        update parley.upkeep set purge_at = $until
          where id = 1 and (purge_at <= $now or purge_at > $wrong) returning id)
      select exists (select 1 from mine) as "isMine", purge_at from parley.upkeep where id = 1`,
    {
      now: timestamp(at),
      until: timestamp(at + lease),
      wrong: timestamp(farthest(at)),
    },
  );
  return row ?? { isMine: false, purge_at: null };
}

/**
 * Messages that nobody sees any more go without the lock of the writers, who would wait for it; what has to be told of
 * goes with it. Returns when it is to be done again.
 */
async function purge(connection: Connection, at: number): Promise<number> {
  const until = performance.now() + budget;
  const removed = nothing();
  let finished = true;
  if (await connection.look((c) => anyRanOut(c, at))) {
    const done = await connection.writeUnlessBusy(async (c) => {
      for (const sweep of otherSweeps) {
        finished &&= await repeat(until, () => sweep(c, at, rows, removed));
      }
      return true;
    });
    finished &&= done !== null;
  }
  for (const sweep of messageSweeps) {
    finished &&= await repeat(until, () => connection.look((c) => sweep(c, at, rows, removed)));
  }
  const isAnyRemoved = Object.values(removed).some((count) => count > 0);
  const next = at + (finished ? (isAnyRemoved ? soon : interval) : catchUp);
  await connection.look((c) =>
    c.run("update parley.upkeep set purge_at = $purge_at where id = 1", {
      purge_at: timestamp(next),
    }),
  );
  return next;
}

/** Does `work` once, and again while it does as much as it may; false where the time was up before. */
async function repeat(until: number, work: () => Promise<number>): Promise<boolean> {
  do if ((await work()) < rows) return true;
  while (performance.now() < until);
  return false;
}
