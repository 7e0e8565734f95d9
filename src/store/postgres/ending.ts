/** Ending a session. */
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Released, SessionRecord } from "../../bus/session";
import { settleAlerts } from "./alert";
import { claimsOf, release as releaseClaim } from "./claim";
import type { Queries } from "./queries";
import { insertLifecycle } from "./event";
import { locksOf, release as releaseLock } from "./lock";
import { endLoops } from "./loop";

/**
 * Ends a live session inside the caller's transaction: exactly one of those who notice a death broadcasts it.
 * Frees its locks and claims; the alerts it was part of are settled where the conflict ends with it.
 */
export async function endSession(
  c: Queries,
  record: SessionRecord,
  reason: string,
  liveness: Liveness,
): Promise<Released> {
  const { session_id } = record;
  const ended = await c.run(
    `update parley.session_registry set status = 'terminated', ended_at = $ended_at, end_reason = $reason
      where session_id = $session_id and status <> 'terminated'`,
    { session_id, ended_at: timestamp(liveness.now), reason },
  );
  if (ended === 0) return { locks: 0, claims: 0 };
  const locks = await locksOf(c, session_id);
  for (const lock of locks) await releaseLock(c, lock, "end", liveness.now);
  const claims = await claimsOf(c, session_id);
  for (const claim of claims) await releaseClaim(c, claim, "end", liveness.now);
  await c.run("delete from parley.waiters where session_id = $session_id", { session_id });
  const id = await insertLifecycle(c, record, "ended", liveness.now, reason);
  await c.run(
    "update parley.session_registry set ended_message_id = $id where session_id = $session_id",
    { session_id, id },
  );
  await settleAlerts(c, session_id, liveness.now);
  await endLoops(c, session_id);
  return { locks: locks.length, claims: claims.length };
}
