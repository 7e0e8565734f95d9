/** Rows of locks: which ones overlap a path, and removing one. */
import type { Lock } from "../bus/lock";
import { closeAlertsOn } from "./alert";
import type { Statements } from "./database";
import { actorCalled, insertEvent } from "./event";
import { ancestorsOf, isResource, machineOf, rangeBelow } from "./lock-path";
import { liveRecord } from "./session";

export interface LockRow extends Lock {
  /** Empty for a named resource, and where the engine knows one machine only. */
  machine_uuid: string;
}

/** The columns of a lock as the port gives them, and the machine. */
export const lockColumns = ({ dialect }: Pick<Statements, "dialect">): string =>
  `file_path, session_id, coalesce(lock_type, 'advisory') as lock_type, locked_at, expires_at, repository,
  repository_path, fence, ${dialect.lockMachine}`;

/** A lock as the port gives it. */
export const lockFrom = ({ machine_uuid: _machine, ...lock }: LockRow): Lock => lock;

export const locksOf = (s: Statements, session_id: string): Promise<LockRow[]> =>
  s.all<LockRow>(
    `select ${lockColumns(s)} from parley.file_locks where session_id = $session_id order by file_path`,
    { session_id },
  );

/** Locks on the path of a machine, on a directory above it, or on anything below it. */
export function overlapping(
  s: Statements,
  path: string,
  machine_uuid: string | null,
): Promise<LockRow[]> {
  const { onMachine } = s.dialect;
  return s.all<LockRow>(
    `select ${lockColumns(s)} from parley.file_locks
        where ${onMachine} and file_path = any($paths::text[])
      union all
      select ${lockColumns(s)} from parley.file_locks
        where ${onMachine} and file_path >= $first and file_path < $last and $tree::boolean`,
    {
      machine: machineOf(path, machine_uuid),
      paths: [path, ...ancestorsOf(path)],
      ...rangeBelow(path),
      tree: !isResource(path),
    },
  );
}

/**
 * Removes a lock, broadcasts that, and ends the alerts about it. A lock that is gone by now, with its dead holder, was
 * broadcast then.
 */
export async function releaseLock(
  s: Statements,
  lock: LockRow,
  action: string,
  at: number,
  by = lock.session_id,
): Promise<void> {
  const { file_path: file, session_id, lock_type, fence, machine_uuid: machine } = lock;
  const removed = await s.run(
    `delete from parley.file_locks
      where ${s.dialect.onMachine} and file_path = $file and session_id = $session_id`,
    { machine, file, session_id },
  );
  if (removed === 0) return;
  const actor = (await liveRecord(s, by)) ?? actorCalled(by);
  await insertEvent(s, "file_lock", action, actor, { file, session_id, lock_type, fence }, at);
  const why = `lock of ${session_id} ended: ${action}`;
  await closeAlertsOn(s, "file_conflict", file, machine, why, at);
}
