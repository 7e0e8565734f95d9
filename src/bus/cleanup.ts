/** `cleanup`: removes what is past its time, and counts what would be removed. */
import type { Bus } from "./bus";
import type { Warning } from "./errors";
import { allSessionsConfirmed } from "./shared-hosts";
import { operatorId } from "./message";

/** How many rows were removed, or would be. Alerts are not counted among the messages. */
export interface Removed {
  messages: number;
  /** Sessions that ended long ago. */
  sessions: number;
  /** Locks and claims that expired, or whose session is dead. */
  locks: number;
  claims: number;
  alerts: number;
}

/** The data of `cleanup`. Bytes are those of the database and its write-ahead log together. */
export interface CleanupResult {
  removed: Removed;
  bytes_before: number;
  bytes_after: number;
}

export interface CleanedUpBus {
  result: CleanupResult;
  /** False where the database file keeps the space that was freed. */
  shrinks: boolean;
  warnings: Warning[];
}

export interface CleanedUp {
  removed: Removed;
  /** Sessions that have not ended. */
  live: string[];
  /** Sessions that wait for a lock or claim, where one was freed. */
  touched: string[];
  /** False where the database keeps the freed space until it is rewritten as a whole. */
  shrinks: boolean;
  /** Milliseconds for which no other process could write; null where the database was not rewritten. */
  blocked: number | null;
}

/** `print`, `install` and `remove` are about the crontab; the others print the files of another timer. */
export const scheduleActions = ["print", "install", "remove", "systemd", "launchd"] as const;
export type ScheduleAction = (typeof scheduleActions)[number];

/** The data of `cleanup --cron`. */
export interface ScheduleResult {
  action: ScheduleAction;
  /** Between two clean-ups; null for `remove`. */
  every_seconds: number | null;
  /** The line of the crontab; null where there is none of ours. */
  line: string | null;
  /** Files to make for systemd or launchd, with their paths. */
  files: { path: string; text: string }[];
  /** Whether the crontab was written. */
  changed: boolean;
}

/** Port: the machine's timers, which run `parley cleanup`. */
export interface Schedule {
  /** `every` in ms. Throws `invalid` for one it cannot keep, `not_found` without `crontab`, `not_permitted` where that refuses. */
  run(action: ScheduleAction, every: number): Promise<ScheduleResult>;
}

async function bytesOf(bus: Bus): Promise<number> {
  const { size_bytes, wal_bytes } = await bus.store.facts();
  return size_bytes + wal_bytes;
}

export async function overdue(bus: Bus): Promise<CleanupResult> {
  const bytes = await bytesOf(bus);
  const { liveness } = await allSessionsConfirmed(bus);
  const removed = await bus.store.overdue(liveness);
  return { removed, bytes_before: bytes, bytes_after: bytes };
}

/** Removes what is past its time and the signal files of ended sessions, and gives the space back. */
export async function cleanUp(bus: Bus, options: { vacuum: boolean }): Promise<CleanedUpBus> {
  const bytes_before = await bytesOf(bus);
  const { liveness } = await allSessionsConfirmed(bus);
  const done = await bus.store.cleanUp(liveness, options);
  bus.changeSignal.prune([operatorId, ...done.live]);
  if (done.touched.length > 0) bus.changeSignal.notify("everyone");
  return {
    result: { removed: done.removed, bytes_before, bytes_after: await bytesOf(bus) },
    shrinks: done.shrinks,
    warnings: done.blocked === null ? [] : [writersBlocked(done.blocked)],
  };
}

const writersBlocked = (milliseconds: number): Warning => ({
  code: "writers_blocked",
  message: `nobody else could write for ${Math.ceil(milliseconds)} ms while the database was rewritten`,
});
