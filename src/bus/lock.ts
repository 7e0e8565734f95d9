/** Locks: shapes, requests, attempts. */
import type { ProcessEvidence } from "./process";

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
