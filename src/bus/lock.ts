/** Locks: their shapes, locking and unlocking. */
import { acquire } from "./acquire";
import type { Bus } from "./bus";
import { livenessNow } from "./caller";
import { ParleyError, type Warning } from "./errors";
import type { ProcessEvidence } from "./process";
import type { SessionRecord } from "./session";

export type LockType = "advisory" | "exclusive";

/** A row of `file_locks`. */
export interface Lock {
  /** Absolute real path, or `res:NAME`. */
  file_path: string;
  session_id: string;
  lock_type: LockType;
  locked_at: string;
  /** Null: until unlocked or the session ends. */
  expires_at: string | null;
  repository: string | null;
  repository_path: string | null;
  /** Number of the ownership change that gave it: the id of its event, strictly increasing over everything. */
  fence: number | null;
}

/** What is to be locked: a real path with its place in a repository, or a named resource. */
export interface LockTarget {
  file_path: string;
  /** The repository that the path lies in, the same for all its worktrees; null outside of one. */
  repository: string | null;
  /** Path from the top of its worktree. */
  repository_path: string | null;
}

/** A process that waits, and until when. It is served in its turn, and forgotten when it is gone. */
export interface Waiting {
  process: ProcessEvidence;
  /** Milliseconds since the epoch. */
  until: number;
}

export interface LockRequest {
  session_id: string;
  targets: LockTarget[];
  lock_type: LockType;
  /** Milliseconds; null: until unlocked. */
  ttl: number | null;
  force: boolean;
  /**
   * A lease that a hook takes for the turn. It never changes a lock that the session took by hand, is left as it is while
   * young, and is freed by `attend`; locking the path by hand makes it the session's own.
   */
  auto?: boolean;
  /** Queues up where it is held; the ticket then stands for the place in the queue. */
  waiting: Waiting | null;
  ticket: number | null;
}

/** Who stands in the way of a lock or claim. */
export interface Blocker {
  kind: "lock" | "claim";
  /** The session that holds it, or that waits for it and comes first. */
  holder: string;
  /** Path or task that is held. */
  resource: string;
  /** Path or task that was asked for. */
  wanted: string;
  lock: Lock | null;
  /** It is free; `holder` only waits for it, and comes first. */
  waits: boolean;
}

/** What became of an attempt. A failed one has raised its alert and, where it waits, told the holder. */
export type Attempt<Got> =
  | { kind: "got"; got: Got; touched: string[] }
  | { kind: "blocked"; blocker: Blocker; ticket: number | null; touched: string[] };

export interface AcquiredLocks {
  locks: Lock[];
  /** Paths among them that the session did not hold before. */
  fresh: string[];
  /** The same repository file held in another worktree: a warning, no conflict. `hostname`: on another machine. */
  elsewhere: (Lock & { hostname: string | null })[];
  /** Advisory locks that were taken by force. */
  taken: Lock[];
}

/** The data of `lock` and `unlock`. */
export interface LockResult {
  locks: Lock[];
}
export interface UnlockResult {
  released: Lock[];
}

export interface LockOptions {
  /** Milliseconds to wait where it is held; null: not at all. */
  wait: number | null;
  lockType: LockType;
  /** Milliseconds; null: until unlocked. */
  ttl: number | null;
  force: boolean;
}

export interface Locked {
  result: LockResult;
  /** Paths that the session did not hold before. */
  fresh: string[];
  warnings: Warning[];
}

/** Locks all of these paths for the session, or none. Throws `conflict`, or `timeout` after waiting. */
export async function lock(
  bus: Bus,
  { session_id }: SessionRecord,
  paths: readonly string[],
  options: LockOptions,
): Promise<Locked> {
  const { lockType: lock_type, ttl, force } = options;
  const found = paths.map((path) => bus.identity.file(checkedPath(path)));
  const targets = [...new Map(found.map((target) => [target.file_path, target])).values()];
  const got = await acquire(bus, session_id, options.wait, (queue, liveness) =>
    bus.store.acquireLocks({ session_id, targets, lock_type, ttl, force, ...queue }, liveness),
  );
  return { result: { locks: got.locks }, fresh: got.fresh, warnings: warningsOf(got) };
}

/** Longest path or resource name, in bytes of UTF-8: Linux takes no longer one. */
const maxPathBytes = 4096;

function checkedPath(path: string): string {
  const bytes = Buffer.byteLength(path);
  if (bytes <= maxPathBytes && !path.includes("\0")) return path;
  throw new ParleyError("invalid", "A path is too long, or holds a NUL character", {
    hint: `use at most ${maxPathBytes} bytes`,
    details: { bytes, limit: maxPathBytes },
  });
}

const warningsOf = ({ elsewhere, taken }: AcquiredLocks): Warning[] => [
  ...elsewhere.map(({ file_path, session_id, hostname }) =>
    hostname === null
      ? {
          code: "held_in_other_worktree",
          message: `the same file is held in another worktree: ${file_path} by ${session_id}`,
        }
      : {
          code: "held_on_other_machine",
          message: `the same file is held on ${hostname}: ${file_path} by ${session_id}`,
        },
  ),
  ...taken.map((each) => ({
    code: "lock_taken",
    message: `taken by force from ${each.session_id}, who has been told: ${each.file_path}`,
  })),
];

/** Unlocks these paths, or with null all that the session holds. Throws `conflict` for another's. */
export async function unlock(
  bus: Bus,
  { session_id }: SessionRecord,
  paths: readonly string[] | null,
): Promise<UnlockResult> {
  const files = paths?.map((path) => bus.identity.file(path).file_path) ?? null;
  const { released } = await bus.store.releaseLocks(session_id, files, livenessNow(bus));
  bus.changeSignal.notify("everyone");
  return { released };
}

/** Unlocks those of these paths that the session still holds; what became of the others is no matter. */
export async function unlockIfHeld(
  bus: Bus,
  session: SessionRecord,
  paths: readonly string[],
): Promise<void> {
  for (const path of paths) await unlock(bus, session, [path]).catch(alreadyFree);
}

/** A lease that ran out, another's force, or a session that ended meanwhile has freed it already. */
function alreadyFree(error: unknown): void {
  if (
    !(error instanceof ParleyError) ||
    (error.code !== "conflict" && error.code !== "not_registered")
  )
    throw error;
}
