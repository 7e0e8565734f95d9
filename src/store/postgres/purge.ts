import { parseTime, timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Connection } from "./connection";
import type { Queries } from "./queries";
import { nothing, sweeps } from "./overdue";

/** How often writers purge, all processes together, and how soon again where something was left, in milliseconds. */
const interval = 60_000;
const catchUp = 50;
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
    // Far in the future is no appointment but a clock that was wrong.
    if (at < dueAt && at > dueAt - 2 * interval) return;
    try {
      dueAt = await connection.look(appointment);
      if (at < dueAt && at > dueAt - 2 * interval) return;
      await connection.writeUnlessBusy((c) => purge(c, at));
    } catch (error) {
      // The work that it comes after has been done, and must not fail by it.
      if (!(error instanceof ParleyError)) throw error;
    }
  };
}

async function appointment(c: Queries): Promise<number> {
  const row = await c.get<{ purge_at: string }>("select purge_at from parley.upkeep where id = 1");
  return parseTime(row?.purge_at) ?? 0;
}

async function purge(c: Queries, at: number): Promise<void> {
  const until = performance.now() + budget;
  let finished = true;
  for (const sweep of sweeps) finished &&= await repeat(until, () => sweep(c, at, rows, nothing()));
  await c.run("update parley.upkeep set purge_at = $purge_at where id = 1", {
    purge_at: timestamp(at + (finished ? interval : catchUp)),
  });
}

/** Does `work` once, and again while it does as much as it may; false where the time was up before. */
async function repeat(until: number, work: () => Promise<number>): Promise<boolean> {
  do if ((await work()) < rows) return true;
  while (performance.now() < until);
  return false;
}
