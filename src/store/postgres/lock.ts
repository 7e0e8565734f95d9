import { timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Moment } from "../../bus/liveness";
import type { Attempt, Blocker, GotLocks, Lock, LockRequest, LockTarget } from "../../bus/lock";
import type { SessionRecord } from "../../bus/session";
import { ancestorsOf, overlaps } from "../rows/path";
import { closeAlertsOn, raiseAlert } from "./alert";
import { refuseTooMany } from "./bounds";
import type { Queries } from "./queries";
import { insertEvent, tell } from "./event";
import { freeIfOver } from "./lease";
import { machineOf, overlapping, shape } from "./path";
import { liveRecord, requireLive, tend } from "./session";
import { takenByHand } from "./turn";
import { enterQueue, firstInQueue, leaveQueue, waitingSessions } from "./waiter";

export interface LockRow extends Lock {
  /** Empty for a named resource. */
  machine_uuid: string;
}

/** The columns of a lock as the port gives them, and the machine. */
export const lockColumns = `file_path, session_id, lock_type, locked_at, expires_at, repository, repository_path,
  fence, machine_uuid`;

/** Takes all locks or none; in the way of one it raises the alert and, where it waits, queues up. */
export async function acquireLocks(
  c: Queries,
  request: LockRequest,
  moment: Moment,
): Promise<Attempt<GotLocks>> {
  const me = await requireLive(c, request.session_id);
  // A waiting session's look at something still held writes nothing, or every look would wake the other waiters; before
  // a lease comes `attend`.
  if (request.ticket === null && !request.auto) await tend(c, me.session_id, moment);
  const taken = new Map<string, LockRow>();
  for (const target of request.targets) {
    for (const lock of await overlapping(c, target.file_path, me.machine_uuid)) {
      if (lock.session_id === me.session_id || (await isFree(c, lock, moment))) continue;
      if (!request.force || lock.lock_type === "exclusive") {
        const { file_path: resource, session_id: holder } = lock;
        const wanted = target.file_path;
        return blocked(
          c,
          me,
          request,
          { kind: "lock", holder, resource, wanted, lock: shape(lock), waits: false },
          moment,
        );
      }
      taken.set(lock.file_path, lock);
    }
    const first = request.force ? null : await queueFor(c, me, request, target, moment);
    if (first) return blocked(c, me, request, first, moment);
  }
  if (request.ticket !== null) await leaveQueue(c, request.ticket);
  for (const lock of taken.values()) {
    await release(c, lock, "take", moment.at, me.session_id);
    const text = `${me.session_id} has taken your advisory lock on ${lock.file_path}`;
    await tell(c, me, lock.session_id, text, { file: lock.file_path }, moment.at);
  }
  const locks: Lock[] = [];
  const fresh: string[] = [];
  const elsewhere: GotLocks["elsewhere"] = [];
  for (const target of request.targets) {
    const { lock, isFresh } = await writeLock(c, me, request, target, moment.at);
    locks.push(shape(lock));
    if (isFresh) fresh.push(lock.file_path);
    elsewhere.push(...(await inOtherWorktrees(c, me, target, moment)));
  }
  if (fresh.length > 0) await refuseTooMany(c, "file_locks", me.session_id);
  return {
    kind: "got",
    got: { locks, fresh, elsewhere, taken: [...taken.values()].map(shape) },
    touched: [...taken.values()].map((lock) => lock.session_id),
  };
}

async function queueFor(
  c: Queries,
  me: SessionRecord,
  request: LockRequest,
  target: LockTarget,
  moment: Moment,
): Promise<Blocker | null> {
  const mine = await locksOf(c, me.session_id);
  const first = await firstInQueue(
    c,
    "lock",
    me,
    request.ticket,
    (wanted) => overlaps(target.file_path, wanted),
    (wanted) => mine.some((lock) => overlaps(lock.file_path, wanted)),
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

/** The alert and the word to the holder come with the first attempt, not with every look of a waiting one. */
async function blocked(
  c: Queries,
  me: SessionRecord,
  request: LockRequest,
  blocker: Blocker,
  moment: Moment,
): Promise<Attempt<GotLocks>> {
  if (request.ticket !== null)
    return { kind: "blocked", blocker, ticket: request.ticket, touched: [] };
  const { holder, resource } = blocker;
  const sessions = [holder, me.session_id];
  const paths = request.targets.map((target) => target.file_path);
  const ticket = request.waiting && (await enterQueue(c, "lock", me, paths, request.waiting));
  if (blocker.lock) {
    await raiseAlert(c, "file_conflict", resource, sessions, me, moment.at);
    const payload = { file: resource, sessions };
    await insertEvent(c, "file_conflict", "refused", me, payload, moment.at);
  }
  if (ticket !== null) {
    const what = blocker.waits ? `${resource} after you` : `your lock on ${resource}`;
    const text = `${me.session_id} waits for ${what}`;
    await tell(c, me, holder, text, { file: resource }, moment.at);
  }
  return { kind: "blocked", blocker, ticket, touched: [holder] };
}

const isFree = (c: Queries, lock: LockRow, moment: Moment): Promise<boolean> =>
  freeIfOver(c, lock, moment, release);

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
  const actor = (await liveRecord(c, by)) ?? {
    session_id: by,
    session_uuid: null,
    project_id: null,
    task_id: null,
  };
  await insertEvent(c, "file_lock", action, actor, { file, session_id, lock_type, fence }, at);
  const why = `lock of ${session_id} ended: ${action}`;
  await closeAlertsOn(c, "file_conflict", file, machine_uuid, why, at);
}

async function writeLock(
  c: Queries,
  me: SessionRecord,
  { lock_type, ttl, ...request }: LockRequest,
  target: LockTarget,
  at: number,
): Promise<{ lock: LockRow; isFresh: boolean }> {
  const { session_id } = me;
  const { file_path } = target;
  const machine_uuid = machineOf(file_path, me.machine_uuid);
  const auto = request.auto ? 1 : 0;
  const kept = request.auto ? await takenByHand(c, session_id, file_path, at) : null;
  if (kept) return { lock: kept, isFresh: false };
  const expires_at = ttl === null ? null : timestamp(at + ttl);
  const renewed = await c.get<LockRow>(
    `update parley.file_locks set lock_type = $lock_type, expires_at = $expires_at, auto = $auto
      where machine_uuid = $machine_uuid and file_path = $file_path and session_id = $session_id
      returning ${lockColumns}`,
    { machine_uuid, file_path, session_id, lock_type, expires_at, auto },
  );
  if (renewed) return { lock: renewed, isFresh: false };
  const payload = { file: file_path, session_id, lock_type };
  const fence = await insertEvent(c, "file_lock", "lock", me, payload, at);
  const lock = await c.get<LockRow>(
    `insert into parley.file_locks(machine_uuid, file_path, session_id, lock_type, locked_at, expires_at, repository,
        repository_path, fence, auto)
      values ($machine_uuid, $file_path, $session_id, $lock_type, $locked_at, $expires_at, $repository,
        $repository_path, $fence, $auto)
      returning ${lockColumns}`,
    {
      ...{ ...target, machine_uuid, session_id, lock_type, expires_at, fence, auto },
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
  c: Queries,
  me: SessionRecord,
  target: LockTarget,
  moment: Moment,
): Promise<GotLocks["elsewhere"]> {
  const { repository, repository_path } = target;
  if (repository === null || repository_path === null) return [];
  const found = await c.all<LockRow>(
    `select ${lockColumns} from parley.file_locks where repository = $repository and session_id <> $session_id
      and ($whole or repository_path = any($paths::text[])
        or (repository_path >= $path || '/' and repository_path < $path || '0'))`,
    {
      repository,
      session_id: me.session_id,
      whole: repository_path === ".",
      path: repository_path,
      paths: [repository_path, ...ancestorsOf(repository_path), "."],
    },
  );
  const elsewhere: GotLocks["elsewhere"] = [];
  for (const lock of found) {
    if (await isFree(c, lock, moment)) continue;
    const isHere = lock.machine_uuid === me.machine_uuid;
    const hostname = isHere ? null : ((await liveRecord(c, lock.session_id))?.hostname ?? null);
    elsewhere.push({ ...shape(lock), hostname: isHere ? null : (hostname ?? "another machine") });
  }
  return elsewhere;
}

/** Releases own locks: those paths, or with null all. Throws `conflict` for another's and then releases nothing. */
export async function releaseLocks(
  c: Queries,
  session_id: string,
  paths: readonly string[] | null,
  moment: Moment,
): Promise<{ released: Lock[]; touched: string[] }> {
  const me = await requireLive(c, session_id);
  await tend(c, session_id, moment);
  const locks =
    paths === null
      ? await locksOf(c, session_id)
      : await c.all<LockRow>(
          `select ${lockColumns} from parley.file_locks
            where machine_uuid in ($machine_uuid, '') and file_path = any($paths::text[])`,
          { machine_uuid: me.machine_uuid, paths },
        );
  for (const lock of locks) {
    if (lock.session_id !== session_id && !(await isFree(c, lock, moment))) throw heldByOther(lock);
  }
  const released = locks.filter((lock) => lock.session_id === session_id);
  for (const lock of released) await release(c, lock, "unlock", moment.at);
  return { released: released.map(shape), touched: await waitingSessions(c, "lock") };
}

export const locksOf = (c: Queries, session_id: string): Promise<LockRow[]> =>
  c.all<LockRow>(
    `select ${lockColumns} from parley.file_locks where session_id = $session_id order by file_path`,
    { session_id },
  );

const heldByOther = (lock: LockRow): ParleyError =>
  new ParleyError("conflict", `${lock.file_path} is locked by ${lock.session_id}`, {
    hint: "only its holder unlocks it; nothing was released",
    details: { path: lock.file_path, holder: lock.session_id, lock: shape(lock) },
  });
