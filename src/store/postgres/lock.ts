/** Locks: row, releasing. */
import type { Liveness } from "../../bus/liveness";
import type { Lock } from "../../bus/lock";
import { actorCalled } from "../rows/event";
import { lockedByOther } from "../rows/lease";
import { closeAlertsOn } from "./alert";
import type { Queries } from "./queries";
import { insertEvent } from "./event";
import { freeIfOver } from "./lease";
import { shape } from "./path";
import { liveRecord, requireLive, tend } from "./session";
import { waitingSessions } from "./waiter";

export interface LockRow extends Lock {
  /** Empty for a named resource. */
  machine_uuid: string;
}

/** The columns of a lock as the port gives them, and the machine. */
export const lockColumns = `file_path, session_id, lock_type, locked_at, expires_at, repository, repository_path,
  fence, machine_uuid`;

export const isFree = (c: Queries, lock: LockRow, liveness: Liveness): Promise<boolean> =>
  freeIfOver(c, lock, liveness, release);

/** Removes a lock, says so, and ends the alerts about it. One that is gone by now, with its dead holder, said so then. */
export async function release(
  c: Queries,
  lock: LockRow,
  action: string,
  at: number,
  by = lock.session_id,
): Promise<void> {
  const { file_path: file, session_id, lock_type, fence, machine_uuid } = lock;
  const removed = await c.run(
    `delete from parley.file_locks
      where machine_uuid = $machine_uuid and file_path = $file and session_id = $session_id`,
    { machine_uuid, file, session_id },
  );
  if (removed === 0) return;
  const actor = (await liveRecord(c, by)) ?? actorCalled(by);
  await insertEvent(c, "file_lock", action, actor, { file, session_id, lock_type, fence }, at);
  const why = `lock of ${session_id} ended: ${action}`;
  await closeAlertsOn(c, "file_conflict", file, machine_uuid, why, at);
}

/** Releases own locks: those paths, or with null all. Throws `conflict` for another's and then releases nothing. */
export async function releaseLocks(
  c: Queries,
  session_id: string,
  paths: readonly string[] | null,
  liveness: Liveness,
): Promise<{ released: Lock[]; touched: string[] }> {
  const me = await requireLive(c, session_id);
  await tend(c, session_id, liveness);
  const locks =
    paths === null
      ? await locksOf(c, session_id)
      : await c.all<LockRow>(
          `select ${lockColumns} from parley.file_locks
            where machine_uuid in ($machine_uuid, '') and file_path = any($paths::text[])`,
          { machine_uuid: me.machine_uuid, paths },
        );
  for (const lock of locks) {
    if (lock.session_id !== session_id && !(await isFree(c, lock, liveness)))
      throw lockedByOther(shape(lock));
  }
  const released = locks.filter((lock) => lock.session_id === session_id);
  for (const lock of released) await release(c, lock, "unlock", liveness.now);
  return { released: released.map(shape), touched: await waitingSessions(c, "lock") };
}

export const locksOf = (c: Queries, session_id: string): Promise<LockRow[]> =>
  c.all<LockRow>(
    `select ${lockColumns} from parley.file_locks where session_id = $session_id order by file_path`,
    { session_id },
  );
