/** Whose turn it is to wake a session, and what came of it. */
import { timestamp } from "../../bus/clock";
import type { WakeResult, WakePermit, WakeRequest } from "../../bus/agent-wake";
import { leaveFor } from "../rows/wake";
import { inLoop } from "./loop";
import type { Queries } from "./queries";
import { sessionRow } from "./session";

/** As the one writer. */
export async function reserveWake(
  c: Queries,
  { session_id, sender_id }: WakeRequest,
  at: number,
): Promise<WakePermit | null> {
  const row = await sessionRow(c, session_id);
  if (!row || row.status === "terminated") return null;
  if (await inLoop(c, session_id, sender_id)) return { kind: "loop" };
  const leave = leaveFor(row, at);
  if (leave.kind !== "go") return leave;
  await c.run("update parley.session_registry set rung_at = $now where session_id = $session_id", {
    session_id,
    now: timestamp(at),
  });
  return leave;
}

export async function noteWake(
  c: Queries,
  evidence: WakeResult & { message_id: number; session_id: string },
  at: number,
): Promise<void> {
  const { message_id, session_id, way, outcome, reason } = evidence;
  await c.run(
    `update parley.deliveries
      set wake_at = $now, wake_way = $way, wake_outcome = $outcome, wake_reason = $reason
      where message_id = $message_id and session_id = $session_id`,
    { message_id, session_id, way, outcome, reason, now: timestamp(at) },
  );
  if (outcome !== "failed") return;
  await c.run("update parley.session_registry set rung_at = null where session_id = $session_id", {
    session_id,
  });
}
