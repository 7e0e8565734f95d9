/** Ending a session, and freeing what it holds. */
import { timestamp } from "../bus/clock";
import type { Liveness } from "../bus/liveness";
import type { Released, SessionRecord } from "../bus/session";
import { settleAlerts } from "./alert";
import { claimsOf, releaseClaim } from "./claim";
import type { Statements } from "./database";
import { insertLifecycle } from "./event";
import { locksOf, releaseLock } from "./lock";
import { endLoops } from "./message-loop";

/**
 * Ends a live session inside the caller's transaction: of several processes that notice a death exactly one broadcasts it.
 * Frees the session's locks and claims, and settles the alerts whose conflict ends with it.
 */
export async function endSession(
  s: Statements,
  record: SessionRecord,
  reason: string,
  liveness: Liveness,
): Promise<Released> {
  const { session_id } = record;
  const ended = await s.run(
    `update parley.session_registry set status = 'terminated', ended_at = $ended_at, end_reason = $reason
      where session_id = $session_id and status <> 'terminated'`,
    { session_id, ended_at: timestamp(liveness.now), reason },
  );
  if (ended === 0) return { locks: 0, claims: 0 };
  const locks = await locksOf(s, session_id);
  for (const lock of locks) await releaseLock(s, lock, "end", liveness.now);
  const claims = await claimsOf(s, session_id);
  for (const claim of claims) await releaseClaim(s, claim, "end", liveness.now);
  await s.run("delete from parley.waiters where session_id = $session_id", { session_id });
  const id = await insertLifecycle(s, record, "ended", liveness.now, reason);
  await s.run(
    "update parley.session_registry set ended_message_id = $id where session_id = $session_id",
    { session_id, id },
  );
  await settleAlerts(s, session_id, liveness.now);
  await endLoops(s, session_id);
  return { locks: locks.length, claims: claims.length };
}
