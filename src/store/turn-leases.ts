/** Leases that hooks take for a turn. */
import { timestamp } from "../bus/clock";
import type { Attempt, AcquiredLocks, LockRequest } from "../bus/lock";
import type { Statements } from "./database";
import { lockColumns, lockFrom, type LockRow, releaseLock } from "./lock";

/** A lease younger than this, in milliseconds, is not renewed: every write wakes the processes that wait. */
const renewalGrain = 30_000;

/** A lease that is taken for so long, and runs out later than this, is young. */
const youngFrom = (at: number, ttl: number | null): string =>
  timestamp(at + (ttl ?? 0) - renewalGrain);

/** The session's lock on a path where it took it by hand, and it has not run out. */
export const takenByHand = (
  s: Statements,
  session_id: string,
  file_path: string,
  at: number,
): Promise<LockRow | null> =>
  s.get<LockRow>(
    `select ${lockColumns(s)} from parley.file_locks where file_path = $file_path and session_id = $session_id
      and auto = 0 and (expires_at is null or expires_at > $now)`,
    { file_path, session_id, now: timestamp(at) },
  );

/** Null where something has to be written: not all of it is the session's, by hand or by a lease that is young. */
export async function heldAlready(
  s: Statements,
  { session_id, targets, ttl }: LockRequest,
  at: number,
): Promise<Attempt<AcquiredLocks> | null> {
  const paths = [...new Set(targets.map((target) => target.file_path))];
  const locks = await s.all<LockRow>(
    `select ${lockColumns(s)} from parley.file_locks
      where file_path = any($paths::text[]) and session_id = $session_id
        and (case when auto = 1 then expires_at > $young else expires_at is null or expires_at > $now end)`,
    {
      ...{ paths, session_id, now: timestamp(at) },
      young: youngFrom(at, ttl),
    },
  );
  if (locks.length < paths.length) return null;
  const got = { locks: locks.map(lockFrom), fresh: [], elsewhere: [], taken: [] };
  return { kind: "got", got, touched: [] };
}

export const hasTurnLeases = async (s: Statements, session_id: string): Promise<boolean> =>
  (await s.get(
    "select 1 from parley.file_locks where session_id = $session_id and auto = 1 limit 1",
    { session_id },
  )) !== null;

/** Frees what hooks took for the turn, and nothing that was taken by hand. Returns how many locks. */
export async function freeTurnLeases(
  s: Statements,
  session_id: string,
  at: number,
): Promise<number> {
  const leases = await s.all<LockRow>(
    `select ${lockColumns(s)} from parley.file_locks where session_id = $session_id and auto = 1`,
    { session_id },
  );
  for (const lease of leases) await releaseLock(s, lease, "turn", at);
  return leases.length;
}
