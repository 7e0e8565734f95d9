/** File locks: their types, and the rules of `lock` and `unlock`. */
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
  /** Number of the change of ownership that gave it: the id of its event, strictly increasing over the whole bus. */
  fence: number | null;
}

/** What to lock: a real path with its place in a repository, or a named resource. */
export interface LockTarget {
  file_path: string;
  /** The repository that the path lies in, the same for all its worktrees; null outside of one. */
  repository: string | null;
  /** Path from the top of its worktree. */
  repository_path: string | null;
}

/** A process that waits in the queue. It is served in its turn, and its place is removed once it is gone. */
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
   * A lease that a hook takes for the turn. It never changes a lock that the session took by hand, is not renewed while
   * young, and is freed by `recordActivity`; locking the path by hand turns it into a lock of the session.
   */
  auto?: boolean;
  /** Joins the queue where it is held; the ticket then names the place in the queue. */
  waiting: Waiting | null;
  ticket: number | null;
}

export interface Blocker {
  kind: "lock" | "claim";
  /** The session that holds it, or that is first in the queue for it. */
  holder: string;
  /** Path or task that is held. */
  resource: string;
  /** Path or task that was asked for. */
  wanted: string;
  lock: Lock | null;
  /** It is free, but `holder` is first in the queue for it. */
  queued: boolean;
}

/** The result of an attempt. A blocked one has raised its alert and, where it waits, sent the holder a message. */
export type Attempt<Got> =
  | { kind: "got"; got: Got; touched: string[] }
  | { kind: "blocked"; blocker: Blocker; ticket: number | null; touched: string[] };

export interface AcquiredLocks {
  locks: Lock[];
  /** Paths among them that the session did not hold before. */
  fresh: string[];
  /** The same repository file locked in another worktree: a warning, no conflict. `hostname`: of another machine. */
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
  /** Milliseconds to wait while another session holds it; null: do not wait. */
  wait: number | null;
  lockType: LockType;
  /** Milliseconds; null: until unlocked. */
  ttl: number | null;
  force: boolean;
}

export interface Locked {
  result: LockResult;
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
  const named = paths.map((path) => bus.identity.file(checkedPath(path)));
  const targets = [...new Map(named.map((target) => [target.file_path, target])).values()];
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
  ...taken.map(({ session_id, file_path }) => ({
    code: "lock_taken",
    message: `taken by force from ${session_id}, who has been told: ${file_path}`,
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

/** Unlocks those of these paths that the session still holds, and ignores the others. */
export async function unlockIfHeld(
  bus: Bus,
  session: SessionRecord,
  paths: readonly string[],
): Promise<void> {
  for (const path of paths) {
    await unlock(bus, session, [path]).catch((error: unknown) => {
      const code = error instanceof ParleyError ? error.code : null;
      // The lease expired, another session took it by force, or this one has ended.
      if (code !== "conflict" && code !== "not_registered") throw error;
    });
  }
}
