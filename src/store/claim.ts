/** Rows of claims, and removing one. */
import type { Claim } from "../bus/claim";
import { reviewTaskAlert } from "./alert";
import type { Statements } from "./database";
import { actorCalled, insertEvent } from "./event";
import { liveRecord } from "./session";

/** The columns of a claim as the port gives them. */
export const claimColumns = `task_id, session_id, coalesce(claim_type, 'exclusive') as claim_type, project_id, claimed_at,
  expires_at, fence`;

/** As it stands, also where it has run out. */
export const claimOn = (s: Statements, task_id: string): Promise<Claim | null> =>
  s.get<Claim>(`select ${claimColumns} from parley.task_claims where task_id = $task_id`, {
    task_id,
  });

export const claimsOf = (s: Statements, session_id: string): Promise<Claim[]> =>
  s.all<Claim>(
    `select ${claimColumns} from parley.task_claims where session_id = $session_id order by task_id`,
    { session_id },
  );

/**
 * Removes a claim, broadcasts that, and ends the alert about it where no other session is on the task. A claim that is gone
 * by now was broadcast then.
 */
export async function releaseClaim(
  s: Statements,
  claim: Claim,
  action: string,
  at: number,
): Promise<void> {
  const { task_id, session_id, fence } = claim;
  const removed = await s.run(
    "delete from parley.task_claims where task_id = $task_id and session_id = $session_id",
    { task_id, session_id },
  );
  if (removed === 0) return;
  const actor = (await liveRecord(s, session_id)) ?? actorCalled(session_id);
  await insertEvent(s, "task_broadcast", action, actor, { task_id, session_id, fence }, at);
  await reviewTaskAlert(s, task_id, `claim of ${session_id} ended: ${action}`, at);
}
