/** Ending a session. */
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Released, SessionRecord } from "../../bus/session";
import { settleAlerts } from "./alert";
import { claimsOf, release as releaseClaim } from "./claim";
import type { Connection } from "./connection";
import { insertLifecycle } from "./event";
import { locksOf, release as releaseLock } from "./lock";
import { endLoops } from "./loop";

/**
 * Ends a live session inside the caller's transaction: exactly one of those who notice a death broadcasts it.
 * Frees its locks and claims; the alerts it was part of are settled where the conflict ends with it.
 */
export function endSession(
  c: Connection,
  record: SessionRecord,
  reason: string,
  liveness: Liveness,
): Released {
  const { session_id } = record;
  const ended_at = timestamp(liveness.now);
  const ended = c.run(
    `update session_registry set status = 'terminated', ended_at = $ended_at, end_reason = $reason
      where session_id = $session_id and status <> 'terminated'`,
    { session_id, ended_at, reason },
  );
  if (ended === 0) return { locks: 0, claims: 0 };
  const locks = locksOf(c, session_id);
  for (const lock of locks) releaseLock(c, lock, "end", liveness.now);
  const claims = claimsOf(c, session_id);
  for (const claim of claims) releaseClaim(c, claim, "end", liveness.now);
  c.run("delete from waiters where session_id = $session_id", { session_id });
  const id = insertLifecycle(c, record, "ended", liveness.now, reason);
  c.run("update session_registry set ended_message_id = $id where session_id = $session_id", {
    session_id,
    id,
  });
  settleAlerts(c, session_id, liveness.now);
  endLoops(c, session_id);
  return { locks: locks.length, claims: claims.length };
}
