/** Taking locks, and giving them up. */
import { timestamp } from "../bus/clock";
import { ParleyError } from "../bus/errors";
import type { Liveness } from "../bus/liveness";
import type { Attempt, Blocker, AcquiredLocks, Lock, LockRequest, LockTarget } from "../bus/lock";
import type { SessionRecord } from "../bus/session";
import type { Statements } from "./database";
import { insertEvent, insertNote } from "./event";
import { refuseTooMany } from "./limits";
import { touchAndSweep } from "./liveness";
import { lockColumns, lockFrom, type LockRow, locksOf, overlapping, releaseLock } from "./lock";
import { ancestorsOf, machineOf, overlaps } from "./lock-path";
import { liveRecord, requireLive } from "./session";
import { takenByHand } from "./turn-leases";
import {
  type Ahead,
  blocked,
  firstInQueue,
  freeIfOver,
  leaveQueue,
  queueOn,
  waitingSessions,
} from "./wait-queue";

/** Takes all locks or none; where another session is in the way it raises the alert and, where it waits, queues up. */
export async function acquireLocks(
  s: Statements,
  request: LockRequest,
  liveness: Liveness,
): Promise<Attempt<AcquiredLocks>> {
  const me = await requireLive(s, request.session_id);
  // A waiting session's look at something still held writes nothing, or every look would wake the other waiters; before
  // a lease comes `recordActivity`.
  if (request.ticket === null && !request.auto) await touchAndSweep(s, me.session_id, liveness);
  const paths = request.targets.map((target) => target.file_path);
  const refuse = (blocker: Omit<Blocker, "kind">): Promise<Attempt<AcquiredLocks>> =>
    blocked(s, me, request, paths, { kind: "lock", ...blocker }, liveness);
  const taken = new Map<string, LockRow>();
  for (const wanted of paths) {
    for (const lock of await overlapping(s, wanted, me.machine_uuid)) {
      if (lock.session_id === me.session_id || (await isFree(s, lock, liveness))) continue;
      if (!request.force || lock.lock_type === "exclusive") {
        const { file_path: resource, session_id: holder } = lock;
        return refuse({ holder, resource, wanted, lock: lockFrom(lock), queued: false });
      }
      taken.set(lock.file_path, lock);
    }
    const first = request.force ? null : await aheadOf(s, me, request, wanted, liveness);
    if (first) return refuse({ ...first, wanted, lock: null, queued: true });
  }
  if (request.ticket !== null) await leaveQueue(s, request.ticket);
  for (const lock of taken.values()) {
    const { file_path: file, session_id: holder } = lock;
    await releaseLock(s, lock, "take", liveness.now, me.session_id);
    const note = `${me.session_id} has taken your advisory lock on ${file}`;
    await insertNote(s, me, holder, note, { file }, liveness.now);
  }
  const locks: Lock[] = [];
  const fresh: string[] = [];
  const elsewhere: AcquiredLocks["elsewhere"] = [];
  for (const target of request.targets) {
    const { lock, isFresh } = await writeLock(s, me, request, target, liveness.now);
    locks.push(lockFrom(lock));
    if (isFresh) fresh.push(lock.file_path);
    elsewhere.push(...(await inOtherWorktrees(s, me, target, liveness)));
  }
  if (fresh.length > 0) await refuseTooMany(s, "file_locks", me.session_id);
  return {
    kind: "got",
    got: { locks, fresh, elsewhere, taken: [...taken.values()].map(lockFrom) },
    touched: [...taken.values()].map((lock) => lock.session_id),
  };
}

const isFree = (s: Statements, lock: LockRow, liveness: Liveness): Promise<boolean> =>
  freeIfOver(s, lock, liveness, releaseLock);

/** A session that has waited longer for what overlaps the path. */
async function aheadOf(
  s: Statements,
  me: SessionRecord,
  request: LockRequest,
  path: string,
  liveness: Liveness,
): Promise<Ahead | null> {
  const mine = await locksOf(s, me.session_id);
  return firstInQueue(
    await queueOn(s, "lock", me.machine_uuid, liveness),
    request,
    (wanted) => overlaps(path, wanted),
    (wanted) => mine.some((lock) => overlaps(lock.file_path, wanted)),
  );
}

async function writeLock(
  s: Statements,
  me: SessionRecord,
  { lock_type, ttl, ...request }: LockRequest,
  target: LockTarget,
  at: number,
): Promise<{ lock: LockRow; isFresh: boolean }> {
  const { session_id } = me;
  const { file_path } = target;
  const { onMachine, perMachine } = s.dialect;
  const machine = machineOf(file_path, me.machine_uuid);
  const auto = request.auto ? 1 : 0;
  const kept = request.auto ? await takenByHand(s, session_id, file_path, at) : null;
  if (kept) return { lock: kept, isFresh: false };
  const expires_at = ttl === null ? null : timestamp(at + ttl);
  const renewed = await s.get<LockRow>(
    `update parley.file_locks set lock_type = $lock_type, expires_at = $expires_at, auto = $auto
      where ${onMachine} and file_path = $file_path and session_id = $session_id
      returning ${lockColumns(s)}`,
    { machine, file_path, session_id, lock_type, expires_at, auto },
  );
  if (renewed) return { lock: renewed, isFresh: false };
  const payload = { file: file_path, session_id, lock_type };
  const fence = await insertEvent(s, "file_lock", "lock", me, payload, at);
  const lock = await s.get<LockRow>(
    `insert into parley.file_locks(machine_uuid, file_path, session_id, lock_type, locked_at, expires_at, repository,
        repository_path, fence, auto)
      values ($machine_uuid, $file_path, $session_id, $lock_type, $locked_at, $expires_at, $repository,
        $repository_path, $fence, $auto)
      returning ${lockColumns(s)}`,
    {
      ...{ ...target, session_id, lock_type, expires_at, fence, auto },
      machine_uuid: perMachine ? machine : me.machine_uuid,
      locked_at: timestamp(at),
    },
  );
  return { lock: lock!, isFresh: true };
}

/**
 * Locks of other live sessions on the same file or directory of the repository, above or below it, in another worktree
 * or on another machine, whose name they then carry.
 */
async function inOtherWorktrees(
  s: Statements,
  me: SessionRecord,
  target: LockTarget,
  liveness: Liveness,
): Promise<AcquiredLocks["elsewhere"]> {
  const { repository, repository_path } = target;
  if (repository === null || repository_path === null) return [];
  const found = await s.all<LockRow>(
    `select ${lockColumns(s)} from parley.file_locks where repository = $repository and session_id <> $session_id
      and ($whole::boolean or repository_path = any($paths::text[])
        or (repository_path >= $path || '/' and repository_path < $path || '0'))`,
    {
      repository,
      session_id: me.session_id,
      whole: repository_path === ".",
      path: repository_path,
      paths: [repository_path, ...ancestorsOf(repository_path), "."],
    },
  );
  const elsewhere: AcquiredLocks["elsewhere"] = [];
  for (const lock of found) {
    if (await isFree(s, lock, liveness)) continue;
    const isHere = !s.dialect.perMachine || lock.machine_uuid === me.machine_uuid;
    const hostname = isHere ? null : ((await liveRecord(s, lock.session_id))?.hostname ?? null);
    elsewhere.push({
      ...lockFrom(lock),
      hostname: isHere ? null : (hostname ?? "another machine"),
    });
  }
  return elsewhere;
}

/** Releases own locks: those paths, or with null all. Throws `conflict` for another's and then releases nothing. */
export async function releaseLocks(
  s: Statements,
  session_id: string,
  paths: readonly string[] | null,
  liveness: Liveness,
): Promise<{ released: Lock[]; touched: string[] }> {
  const me = await requireLive(s, session_id);
  await touchAndSweep(s, session_id, liveness);
  const locks =
    paths === null
      ? await locksOf(s, session_id)
      : await s.all<LockRow>(
          `select ${lockColumns(s)} from parley.file_locks
            where ${s.dialect.onMachineOrAll} and file_path = any($paths::text[])`,
          { machine: me.machine_uuid, paths },
        );
  for (const lock of locks) {
    if (lock.session_id !== session_id && !(await isFree(s, lock, liveness)))
      throw lockedByOther(lock);
  }
  const released = locks.filter((lock) => lock.session_id === session_id);
  for (const lock of released) await releaseLock(s, lock, "unlock", liveness.now);
  return { released: released.map(lockFrom), touched: await waitingSessions(s, "lock") };
}

const lockedByOther = (row: LockRow): ParleyError => {
  const lock = lockFrom(row);
  return new ParleyError("conflict", `${lock.file_path} is locked by ${lock.session_id}`, {
    hint: "only its holder unlocks it; nothing was released",
    details: { path: lock.file_path, holder: lock.session_id, lock },
  });
};
