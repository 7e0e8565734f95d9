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
import type { Queries } from "./queries";
import { insertEvent, tell } from "./event";
import { blocked } from "./lease";
import { isFree, lockColumns, type LockRow, locksOf, release } from "./lock";
import { machineOf, overlapping, shape } from "./path";
import { liveRecord, requireLive, tend } from "./session";
import { takenByHand } from "./turn";
import { leaveQueue, queueOn } from "./waiter";

/** Takes all locks or none; in the way of one it raises the alert and, where it waits, queues up. */
export async function acquireLocks(
  c: Queries,
  request: LockRequest,
  liveness: Liveness,
): Promise<Attempt<AcquiredLocks>> {
  const me = await requireLive(c, request.session_id);
  // A waiting session's look at something still held writes nothing, or every look would wake the other waiters; before
  // a lease comes `attend`.
  if (request.ticket === null && !request.auto) await tend(c, me.session_id, liveness);
  const paths = request.targets.map((target) => target.file_path);
  const refuse = (blocker: Omit<Blocker, "kind">): Promise<Attempt<AcquiredLocks>> =>
    blocked(c, me, request, paths, { kind: "lock", ...blocker }, liveness);
  const taken = new Map<string, LockRow>();
  for (const wanted of paths) {
    for (const lock of await overlapping(c, wanted, me.machine_uuid)) {
      if (lock.session_id === me.session_id || (await isFree(c, lock, liveness))) continue;
      if (!request.force || lock.lock_type === "exclusive") {
        const { file_path: resource, session_id: holder } = lock;
        return refuse({ holder, resource, wanted, lock: shape(lock), waits: false });
      }
      taken.set(lock.file_path, lock);
    }
    const first = request.force ? null : await aheadOf(c, me, request, wanted, liveness);
    if (first) return refuse({ ...first, wanted, lock: null, waits: true });
  }
  if (request.ticket !== null) await leaveQueue(c, request.ticket);
  for (const lock of taken.values()) {
    await release(c, lock, "take", liveness.now, me.session_id);
    await tell(c, me, lock.session_id, ...takenNote(me, lock), liveness.now);
  }
  const locks: Lock[] = [];
  const fresh: string[] = [];
  const elsewhere: AcquiredLocks["elsewhere"] = [];
  for (const target of request.targets) {
    const { lock, isFresh } = await writeLock(c, me, request, target, liveness.now);
    locks.push(shape(lock));
    if (isFresh) fresh.push(lock.file_path);
    elsewhere.push(...(await inOtherWorktrees(c, me, target, liveness)));
  }
  if (fresh.length > 0) await refuseTooMany(c, "file_locks", me.session_id);
  return {
    kind: "got",
    got: { locks, fresh, elsewhere, taken: [...taken.values()].map(shape) },
    touched: [...taken.values()].map((lock) => lock.session_id),
  };
}

/** Whoever has waited longer for what overlaps the path. */
async function aheadOf(
  c: Queries,
  me: SessionRecord,
  request: LockRequest,
  path: string,
  liveness: Liveness,
): Promise<Ahead | null> {
  const mine = await locksOf(c, me.session_id);
  return firstInQueue(
    await queueOn(c, "lock", me.machine_uuid, liveness),
    request,
    (wanted) => overlaps(path, wanted),
    (wanted) => mine.some((lock) => overlaps(lock.file_path, wanted)),
  );
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
  liveness: Liveness,
): Promise<AcquiredLocks["elsewhere"]> {
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
  const elsewhere: AcquiredLocks["elsewhere"] = [];
  for (const lock of found) {
    if (await isFree(c, lock, liveness)) continue;
    const isHere = lock.machine_uuid === me.machine_uuid;
    const hostname = isHere ? null : ((await liveRecord(c, lock.session_id))?.hostname ?? null);
    elsewhere.push({ ...shape(lock), hostname: isHere ? null : (hostname ?? "another machine") });
  }
  return elsewhere;
}
