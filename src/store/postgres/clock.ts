/** The server's clock. */
import type { Clock } from "../../bus/clock";
import type { Statements } from "../database";

/** The server's clock, which is the same for every machine: ours, and how far it is off. */
export interface ServerClock extends Clock {
  /** A number that changes with what is committed; sets the clock by the way. */
  read(s: Statements): Promise<number>;
}

/** @param offset How far it is ahead of ours, in milliseconds. */
export function createServerClock(offset: number): ServerClock {
  return {
    now: () => Math.round(Date.now() + offset),
    read: async (s) => {
      const asked = Date.now();
      // Standbys are told of a sequence only now and then, but know which transactions they have seen.
      const row = await s.get<{ changes: number; seen: string | null; now: number }>(
        `select last_value as changes,
            case when pg_is_in_recovery() then pg_current_snapshot()::text end as seen,
            (extract(epoch from clock_timestamp()) * 1000)::float8 as now
          from parley.changes`,
      );
      const { changes, seen, now } = row!;
      // The server looked at its clock about halfway.
      offset = now - (asked + Date.now()) / 2;
      return seen === null ? changes : Number(Bun.hash(seen) & 0x1f_ffff_ffff_ffffn);
    },
  };
}
