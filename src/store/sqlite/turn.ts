/** Leases that last for a turn. */
import { timestamp } from "../../bus/clock";
import type { Attempt, AcquiredLocks, Lock, LockRequest } from "../../bus/lock";
import { youngFrom } from "../rows/lease";
import type { Connection } from "./connection";
import { lockColumns, release } from "./lock";

/** The session's lock on a path where it took it by hand, and it has not run out. */
export const takenByHand = (
  c: Connection,
  session_id: string,
  file_path: string,
  at: number,
): Lock | null =>
  c.get<Lock>(
    `select ${lockColumns} from file_locks where file_path = $file_path and session_id = $session_id
      and auto = 0 and (expires_at is null or expires_at > $now)`,
    { file_path, session_id, now: timestamp(at) },
  );

/** Null where something has to be written: not all of it is the session's, by hand or by a lease that is young. */
export function heldAlready(
  c: Connection,
  { session_id, targets, ttl }: LockRequest,
  at: number,
): Attempt<AcquiredLocks> | null {
  const paths = [...new Set(targets.map((target) => target.file_path))];
  const locks = c.all<Lock>(
    `select ${lockColumns} from file_locks
      where file_path in (select value from json_each($paths)) and session_id = $session_id
        and (case when auto = 1 then expires_at > $young else expires_at is null or expires_at > $now end)`,
    {
      paths: JSON.stringify(paths),
      session_id,
      now: timestamp(at),
      young: youngFrom(at, ttl),
    },
  );
  if (locks.length < paths.length) return null;
  return { kind: "got", got: { locks, fresh: [], elsewhere: [], taken: [] }, touched: [] };
}

export const hasTurnLeases = (c: Connection, session_id: string): boolean =>
  c.get("select 1 from file_locks where session_id = $session_id and auto = 1 limit 1", {
    session_id,
  }) !== null;

/** Frees what hooks took for the turn, and nothing that was taken by hand. Returns how many locks. */
export function freeTurnLeases(c: Connection, session_id: string, at: number): number {
  const leases = c.all<Lock>(
    `select ${lockColumns} from file_locks where session_id = $session_id and auto = 1`,
    { session_id },
  );
  for (const lease of leases) release(c, lease, "turn", at);
  return leases.length;
}
