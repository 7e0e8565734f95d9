/** A little of it, removed by writers once a minute. */
import { SQLiteError } from "bun:sqlite";

import { parseTime, timestamp } from "../../bus/clock";
import type { Connection } from "./connection";
import { catchUp, interval, isEarly, nothing } from "../rows/overdue";
import { ownSweeps } from "./overdue";
import { freePages, reclaimPages } from "./space";

/** How long a purge goes on to begin batches, in milliseconds, and how large they are. */
const budget = 3;
const rows = 50;
const pages = 16;
/** Free pages that are left for the next messages: 256 KiB. */
const spare = 64;

/**
 * What every writer does after its own work: once a minute one of them removes a little of what is past its time, so
 * that a machine without cron stays bounded too. Where a purge could not finish, the next comes after 50 ms, which
 * outruns any writer. When it is due again stands in the database.
 */
export function openPurge(c: Connection): (at: number) => void {
  let dueAt = 0;
  return (at) => {
    if (isEarly(at, dueAt)) return;
    try {
      dueAt = appointment(c);
      if (isEarly(at, dueAt)) return;
      c.writeUnlessBusy(() => purge(c, at));
    } catch (error) {
      // The work that it comes after has been done, and must not fail by it.
      if (!(error instanceof SQLiteError)) throw error;
    }
  };
}

const appointment = (c: Connection): number =>
  parseTime(c.get<{ purge_at: string }>("select purge_at from upkeep where id = 1")?.purge_at) ?? 0;

function purge(c: Connection, at: number): void {
  const until = performance.now() + budget;
  const finished = ownSweeps.every((sweep) =>
    repeat(until, rows, () => sweep(c, at, rows, nothing())),
  );
  const shrunk =
    finished && repeat(until, pages, () => (freePages(c) > spare ? reclaimPages(c, pages) : 0));
  c.run("update upkeep set purge_at = $purge_at where id = 1", {
    purge_at: timestamp(at + (shrunk ? interval : catchUp)),
  });
}

/** Does `work` once, and again while it does as much as it may; false where the time was up before. */
function repeat(until: number, limit: number, work: () => number): boolean {
  do if (work() < limit) return true;
  while (performance.now() < until);
  return false;
}
