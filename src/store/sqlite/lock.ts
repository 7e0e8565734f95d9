/** Locks: row, releasing. */
import type { Liveness } from "../../bus/liveness";
import type { Lock } from "../../bus/lock";
import { actorCalled } from "../rows/event";
import { lockedByOther } from "../rows/lease";
import { closeAlertsOn } from "./alert";
import type { Connection } from "./connection";
import { insertEvent } from "./event";
import { freeIfOver } from "./lease";
import { liveRecord, requireLive, tend } from "./session";
import { waitingSessions } from "./waiter";

/** The columns of a lock as the port gives them. */
export const lockColumns = `file_path, session_id, coalesce(lock_type, 'advisory') as lock_type, locked_at, expires_at,
  repository, repository_path, fence`;

export const isFree = (c: Connection, lock: Lock, liveness: Liveness): boolean =>
  freeIfOver(c, lock, liveness, release);

/** Removes a lock, says so, and ends the alerts about it. One that is gone by now, with its dead holder, said so then. */
export function release(
  c: Connection,
  lock: Lock,
  action: string,
  at: number,
  by = lock.session_id,
): void {
  const { file_path: file, session_id, lock_type, fence } = lock;
  const removed = c.run(
    "delete from file_locks where file_path = $file and session_id = $session_id",
    { file, session_id },
  );
  if (removed === 0) return;
  const actor = liveRecord(c, by) ?? actorCalled(by);
  insertEvent(c, "file_lock", action, actor, { file, session_id, lock_type, fence }, at);
  closeAlertsOn(c, "file_conflict", file, `lock of ${session_id} ended: ${action}`, at);
}

/** Releases own locks: those paths, or with null all. Throws `conflict` for another's and then releases nothing. */
export function releaseLocks(
  c: Connection,
  session_id: string,
  paths: readonly string[] | null,
  liveness: Liveness,
): { released: Lock[]; touched: string[] } {
  requireLive(c, session_id);
  tend(c, session_id, liveness);
  const locks =
    paths === null
      ? locksOf(c, session_id)
      : c.all<Lock>(
          `select ${lockColumns} from file_locks where file_path in (select value from json_each($paths))`,
          { paths: JSON.stringify(paths) },
        );
  const other = locks.find((lock) => lock.session_id !== session_id && !isFree(c, lock, liveness));
  if (other) throw lockedByOther(other);
  const released = locks.filter((lock) => lock.session_id === session_id);
  for (const lock of released) release(c, lock, "unlock", liveness.now);
  return { released, touched: waitingSessions(c, "lock") };
}

export const locksOf = (c: Connection, session_id: string): Lock[] =>
  c.all<Lock>(
    `select ${lockColumns} from file_locks where session_id = $session_id order by file_path`,
    {
      session_id,
    },
  );
