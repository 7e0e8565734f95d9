/** The sessions of a picture, with what they hold. */
import type { Claim } from "../../bus/claim";
import type { Lock } from "../../bus/lock";
import type { SessionRecord } from "../../bus/session";
import type { Overview } from "../../bus/store";

/** How many alerts and lifecycle events a picture holds (R119). */
export const alertLimit = 20;
export const lifecycleLimit = 20;

/** The sessions with what they hold. Where nothing can be written nobody ends the dead, who hold nothing all the same. */
export function sessionsOf(
  records: readonly SessionRecord[],
  all: { locks: readonly Lock[]; claims: readonly Claim[] },
  unread: ReadonlyMap<string, number>,
  now: string,
): Pick<Overview, "sessions" | "started_today" | "locks" | "claims"> {
  const live = new Set(records.map((record) => record.session_id));
  const locks = all.locks.filter((lock) => live.has(lock.session_id));
  const claims = all.claims.filter((claim) => live.has(claim.session_id));
  const locksBy = Map.groupBy(locks, (lock) => lock.session_id);
  const claimsBy = Map.groupBy(claims, (claim) => claim.session_id);
  const today = now.slice(0, 10);
  return {
    sessions: records.map((record) => ({
      record,
      holdings: {
        claimed_tasks: claimsBy.get(record.session_id) ?? [],
        file_locks: (locksBy.get(record.session_id) ?? []).map((lock) => lock.file_path),
        unread_count: unread.get(record.session_id) ?? 0,
      },
    })),
    started_today: records.filter((record) => record.registered_at.startsWith(today)).length,
    locks,
    claims,
  };
}
