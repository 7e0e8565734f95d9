import { timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Moment } from "../../bus/liveness";
import type { Attempt, Blocker, GotLocks, Lock, LockRequest, LockTarget } from "../../bus/lock";
import type { SessionRecord } from "../../bus/session";
import { ancestorsOf, overlaps } from "../rows/path";
import { closeAlertsOn, raiseAlert } from "./alert";
import { refuseTooMany } from "./bounds";
import type { Connection } from "./connection";
import { insertEvent, tell } from "./event";
import { freeIfOver } from "./lease";
import { overlapping } from "./path";
import { isLiving, liveRecord, requireLive, tend } from "./session";
import { takenByHand } from "./turn";
import { enterQueue, firstInQueue, leaveQueue, waitingSessions } from "./waiter";

/** The columns of a lock as the port gives them. */
export const lockColumns = `file_path, session_id, coalesce(lock_type, 'advisory') as lock_type, locked_at, expires_at,
  repository, repository_path, fence`;

/** Takes all locks or none; in the way of one it raises the alert and, where it waits, queues up. */
export function acquireLocks(
  c: Connection,
  request: LockRequest,
  moment: Moment,
): Attempt<GotLocks> {
  const me = requireLive(c, request.session_id);
  // A waiting session's look at something still held writes nothing, or every look would wake the other waiters; before
  // a lease comes `attend`.
  if (request.ticket === null && !request.auto) tend(c, me.session_id, moment);
  const taken = new Map<string, Lock>();
  for (const target of request.targets) {
    for (const lock of overlapping(c, target.file_path)) {
      if (lock.session_id === me.session_id || isFree(c, lock, moment)) continue;
      if (!request.force || lock.lock_type === "exclusive") {
        const { file_path: resource, session_id: holder } = lock;
        return blocked(
          c,
          me,
          request,
          { kind: "lock", holder, resource, wanted: target.file_path, lock, waits: false },
          moment,
        );
      }
      taken.set(lock.file_path, lock);
    }
    const first = request.force ? null : queueFor(c, request, target, moment);
    if (first) return blocked(c, me, request, first, moment);
  }
  if (request.ticket !== null) leaveQueue(c, request.ticket);
  for (const lock of taken.values()) {
    release(c, lock, "take", moment.at, me.session_id);
    const text = `${me.session_id} has taken your advisory lock on ${lock.file_path}`;
    tell(c, me, lock.session_id, text, { file: lock.file_path }, moment.at);
  }
  const fresh = request.targets
    .map((target) => target.file_path)
    .filter((path) => !isMine(c, me, path));
  const locks = request.targets.map((target) =>
    fresh.includes(target.file_path)
      ? insertLock(c, me, request, target, moment.at)
      : renewLock(c, me, request, target, moment.at),
  );
  if (fresh.length > 0) refuseTooMany(c, "file_locks", me.session_id);
  const elsewhere = request.targets.flatMap((target) => inOtherWorktrees(c, me, target, moment));
  return {
    kind: "got",
    got: { locks, fresh, elsewhere, taken: [...taken.values()] },
    touched: [...taken.values()].map((lock) => lock.session_id),
  };
}

function queueFor(
  c: Connection,
  request: LockRequest,
  target: LockTarget,
  moment: Moment,
): Blocker | null {
  const mine = c.all<{ file_path: string }>(
    "select file_path from file_locks where session_id = $session_id",
    {
      session_id: request.session_id,
    },
  );
  const heldByMe = (wanted: string): boolean =>
    mine.some((lock) => overlaps(lock.file_path, wanted));
  const wants = (wanted: string): boolean => overlaps(target.file_path, wanted);
  const first = firstInQueue(
    c,
    "lock",
    request.session_id,
    request.ticket,
    wants,
    heldByMe,
    moment,
  );
  return (
    first && {
      kind: "lock",
      holder: first.session_id,
      resource: first.wanted,
      wanted: target.file_path,
      lock: null,
      waits: true,
    }
  );
}

const isMine = (c: Connection, { session_id }: SessionRecord, file_path: string): boolean =>
  c.get("select 1 from file_locks where file_path = $file_path and session_id = $session_id", {
    file_path,
    session_id,
  }) !== null;

/** The alert and the word to the holder come with the first attempt, not with every look of a waiting one. */
function blocked(
  c: Connection,
  me: SessionRecord,
  request: LockRequest,
  blocker: Blocker,
  moment: Moment,
): Attempt<GotLocks> {
  if (request.ticket !== null)
    return { kind: "blocked", blocker, ticket: request.ticket, touched: [] };
  const { holder, resource } = blocker;
  const paths = request.targets.map((target) => target.file_path);
  const ticket = request.waiting && enterQueue(c, "lock", me.session_id, paths, request.waiting);
  if (blocker.lock) {
    raiseAlert(c, "file_conflict", resource, [holder, me.session_id], me, moment.at);
    insertEvent(
      c,
      "file_conflict",
      "refused",
      me,
      { file: resource, sessions: [holder, me.session_id] },
      moment.at,
    );
  }
  if (ticket !== null) {
    tell(
      c,
      me,
      holder,
      blocker.waits
        ? `${me.session_id} waits for ${resource} after you`
        : `${me.session_id} waits for your lock on ${resource}`,
      { file: resource },
      moment.at,
    );
  }
  return { kind: "blocked", blocker, ticket, touched: [holder] };
}

const isFree = (c: Connection, lock: Lock, moment: Moment): boolean =>
  freeIfOver(c, lock, moment, release);

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
  const actor = liveRecord(c, by) ?? {
    session_id: by,
    session_uuid: null,
    project_id: null,
    task_id: null,
  };
  insertEvent(c, "file_lock", action, actor, { file, session_id, lock_type, fence }, at);
  closeAlertsOn(c, "file_conflict", file, `lock of ${session_id} ended: ${action}`, at);
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
  moment: Moment,
): GotLocks["elsewhere"] {
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
    .filter((lock) => !isFree(c, lock, moment))
    .map((lock) => ({ ...lock, hostname: null }));
}

/** Releases own locks: those paths, or with null all. Throws `conflict` for another's and then releases nothing. */
export function releaseLocks(
  c: Connection,
  session_id: string,
  paths: readonly string[] | null,
  moment: Moment,
): { released: Lock[]; touched: string[] } {
  requireLive(c, session_id);
  tend(c, session_id, moment);
  const locks =
    paths === null
      ? locksOf(c, session_id)
      : c.all<Lock>(
          `select ${lockColumns} from file_locks where file_path in (select value from json_each($paths))`,
          { paths: JSON.stringify(paths) },
        );
  const other = locks.find((lock) => lock.session_id !== session_id && !isFree(c, lock, moment));
  if (other) throw heldByOther(other);
  const released = locks.filter((lock) => lock.session_id === session_id);
  for (const lock of released) release(c, lock, "unlock", moment.at);
  return { released, touched: waitingSessions(c, "lock") };
}

export const locksOf = (c: Connection, session_id: string): Lock[] =>
  c.all<Lock>(
    `select ${lockColumns} from file_locks where session_id = $session_id order by file_path`,
    {
      session_id,
    },
  );

const heldByOther = (lock: Lock): ParleyError =>
  new ParleyError("conflict", `${lock.file_path} is locked by ${lock.session_id}`, {
    hint: "only its holder unlocks it; nothing was released",
    details: { path: lock.file_path, holder: lock.session_id, lock },
  });

/** Locks that are held now: on these paths, above or below them, or all. Reads only. */
export function locksOn(c: Connection, paths: readonly string[] | null, moment: Moment): Lock[] {
  const now = timestamp(moment.at);
  const found = paths
    ? paths.flatMap((path) => overlapping(c, path))
    : c.all<Lock>(`select ${lockColumns} from file_locks order by file_path`);
  const unique = new Map(found.map((lock) => [lock.file_path, lock]));
  return [...unique.values()].filter(
    (lock) =>
      (lock.expires_at === null || lock.expires_at > now) && isLiving(c, lock.session_id, moment),
  );
}
