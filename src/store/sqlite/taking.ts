/** Taking locks, all of them or none. */
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type {
  Attempt,
  Blocker,
  AcquiredLocks,
  Lock,
  LockRequest,
  LockTarget,
} from "../../bus/lock";
import type { SessionRecord } from "../../bus/session";
import { takenNote } from "../rows/lease";
import { ancestorsOf, overlaps } from "../rows/path";
import { type Ahead, firstInQueue } from "../rows/waiter";
import { refuseTooMany } from "./bounds";
import type { Connection } from "./connection";
import { insertEvent, tell } from "./event";
import { blocked } from "./lease";
import { isFree, lockColumns, locksOf, release } from "./lock";
import { overlapping } from "./path";
import { requireLive, tend } from "./session";
import { takenByHand } from "./turn";
import { leaveQueue, waiters } from "./waiter";

/** Takes all locks or none; in the way of one it raises the alert and, where it waits, queues up. */
export function acquireLocks(
  c: Connection,
  request: LockRequest,
  liveness: Liveness,
): Attempt<AcquiredLocks> {
  const me = requireLive(c, request.session_id);
  // A waiting session's look at something still held writes nothing, or every look would wake the other waiters; before
  // a lease comes `attend`.
  if (request.ticket === null && !request.auto) tend(c, me.session_id, liveness);
  const paths = request.targets.map((target) => target.file_path);
  const refuse = (blocker: Omit<Blocker, "kind">): Attempt<AcquiredLocks> =>
    blocked(c, me, request, paths, { kind: "lock", ...blocker }, liveness);
  const taken = new Map<string, Lock>();
  for (const wanted of paths) {
    for (const lock of overlapping(c, wanted)) {
      if (lock.session_id === me.session_id || isFree(c, lock, liveness)) continue;
      if (!request.force || lock.lock_type === "exclusive") {
        const { file_path: resource, session_id: holder } = lock;
        return refuse({ holder, resource, wanted, lock, waits: false });
      }
      taken.set(lock.file_path, lock);
    }
    const first = request.force ? null : aheadOf(c, request, wanted, liveness);
    if (first) return refuse({ ...first, wanted, lock: null, waits: true });
  }
  if (request.ticket !== null) leaveQueue(c, request.ticket);
  for (const lock of taken.values()) {
    release(c, lock, "take", liveness.now, me.session_id);
    tell(c, me, lock.session_id, ...takenNote(me, lock), liveness.now);
  }
  const fresh = paths.filter((path) => !isMine(c, me, path));
  const locks = request.targets.map((target) =>
    fresh.includes(target.file_path)
      ? insertLock(c, me, request, target, liveness.now)
      : renewLock(c, me, request, target, liveness.now),
  );
  if (fresh.length > 0) refuseTooMany(c, "file_locks", me.session_id);
  const elsewhere = request.targets.flatMap((target) => inOtherWorktrees(c, me, target, liveness));
  return {
    kind: "got",
    got: { locks, fresh, elsewhere, taken: [...taken.values()] },
    touched: [...taken.values()].map((lock) => lock.session_id),
  };
}

/** Whoever has waited longer for what overlaps the path. */
function aheadOf(
  c: Connection,
  request: LockRequest,
  path: string,
  liveness: Liveness,
): Ahead | null {
  const mine = locksOf(c, request.session_id);
  return firstInQueue(
    waiters(c, "lock", liveness),
    request,
    (wanted) => overlaps(path, wanted),
    (wanted) => mine.some((lock) => overlaps(lock.file_path, wanted)),
  );
}

function renewLock(
  c: Connection,
  { session_id }: SessionRecord,
  { lock_type, ttl, auto }: LockRequest,
  { file_path }: LockTarget,
  at: number,
): Lock {
  const kept = auto ? takenByHand(c, session_id, file_path, at) : null;
  if (kept) return kept;
  const expires_at = ttl === null ? null : timestamp(at + ttl);
  return c.get<Lock>(
    `update file_locks set lock_type = $lock_type, expires_at = $expires_at, auto = $auto
      where file_path = $file_path and session_id = $session_id returning ${lockColumns}`,
    { file_path, session_id, lock_type, expires_at, auto: auto ? 1 : 0 },
  )!;
}

function insertLock(
  c: Connection,
  me: SessionRecord,
  { lock_type, ttl, auto }: LockRequest,
  target: LockTarget,
  at: number,
): Lock {
  const { session_id, machine_uuid } = me;
  const payload = { file: target.file_path, session_id, lock_type };
  const fence = insertEvent(c, "file_lock", "lock", me, payload, at);
  return c.get<Lock>(
    `insert into file_locks(file_path, session_id, lock_type, locked_at, expires_at, machine_uuid, repository,
        repository_path, fence, auto)
      values ($file_path, $session_id, $lock_type, $locked_at, $expires_at, $machine_uuid, $repository,
        $repository_path, $fence, $auto)
      returning ${lockColumns}`,
    {
      ...{ ...target, session_id, lock_type, machine_uuid, fence },
      locked_at: timestamp(at),
      expires_at: ttl === null ? null : timestamp(at + ttl),
      auto: auto ? 1 : 0,
    },
  )!;
}

/** Locks of other live sessions on the same file or directory of the repository, above or below it, in another worktree. */
function inOtherWorktrees(
  c: Connection,
  me: SessionRecord,
  target: LockTarget,
  liveness: Liveness,
): AcquiredLocks["elsewhere"] {
  const { repository, repository_path } = target;
  if (repository === null || repository_path === null) return [];
  return c
    .all<Lock>(
      `select ${lockColumns} from file_locks where repository = $repository and session_id <> $session_id
        and ($whole or repository_path in (select value from json_each($paths))
          or (repository_path >= $path || '/' and repository_path < $path || '0'))`,
      {
        repository,
        session_id: me.session_id,
        whole: repository_path === "." ? 1 : 0,
        path: repository_path,
        paths: JSON.stringify([repository_path, ...ancestorsOf(repository_path), "."]),
      },
    )
    .filter((lock) => !isFree(c, lock, liveness))
    .map((lock) => ({ ...lock, hostname: null }));
}

const isMine = (c: Connection, { session_id }: SessionRecord, file_path: string): boolean =>
  c.get("select 1 from file_locks where file_path = $file_path and session_id = $session_id", {
    file_path,
    session_id,
  }) !== null;
