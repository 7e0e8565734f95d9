/** Lock, unlock, claim, release. */
import { acquire } from "./acquire";
import type { Bus } from "./bus";
import { livenessNow } from "./caller";
import { checkedTask, type Claim, type ClaimResult, type ReleaseResult } from "./claim";
import { ParleyError, type Warning } from "./errors";
import type { AcquiredLocks, LockResult, LockType, UnlockResult } from "./lock";
import type { SessionRecord } from "./session";

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

/** Claims a task for the session. Throws `conflict`, or `timeout` after waiting. */
export async function claim(
  bus: Bus,
  { session_id }: SessionRecord,
  task_id: string,
  options: { ttl: number | null; wait: number | null },
): Promise<ClaimResult> {
  checkedTask(task_id);
  const got: Claim = await acquire(bus, session_id, options.wait, (queue, liveness) =>
    bus.store.acquireClaim({ session_id, task_id, ttl: options.ttl, ...queue }, liveness),
  );
  return { claim: got };
}

/** Releases these tasks, or with null all that the session claims. Throws `conflict` for another's. */
export async function release(
  bus: Bus,
  { session_id }: SessionRecord,
  tasks: readonly string[] | null,
): Promise<ReleaseResult> {
  const { released } = await bus.store.releaseClaims(
    session_id,
    tasks && [...new Set(tasks)],
    livenessNow(bus),
  );
  bus.changeSignal.notify("everyone");
  return { released };
}
