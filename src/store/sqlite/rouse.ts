/** Whose turn it is to wake a session, and what came of it. */
import { timestamp } from "../../bus/clock";
import type { WakeResult, WakePermit, WakeRequest } from "../../bus/agent-wake";
import { leaveFor } from "../rows/wake";
import type { Connection } from "./connection";
import { inLoop } from "./loop";
import { sessionRow } from "./session";

export function reserveWake(
  c: Connection,
  { session_id, sender_id }: WakeRequest,
  at: number,
): WakePermit | null {
  const row = sessionRow(c, session_id);
  if (!row || row.status === "terminated") return null;
  if (inLoop(c, session_id, sender_id)) return { kind: "loop" };
  const leave = leaveFor(row, at);
  if (leave.kind !== "go") return leave;
  c.run("update session_registry set rung_at = $now where session_id = $session_id", {
    session_id,
    now: timestamp(at),
  });
  return leave;
}

export function noteWake(
  c: Connection,
  {
    message_id,
    session_id,
    way,
    outcome,
    reason,
  }: WakeResult & { message_id: number; session_id: string },
  at: number,
): void {
  c.run(
    `update deliveries set wake_at = $now, wake_way = $way, wake_outcome = $outcome, wake_reason = $reason
      where message_id = $message_id and session_id = $session_id`,
    { message_id, session_id, way, outcome, reason, now: timestamp(at) },
  );
  if (outcome !== "failed") return;
  c.run("update session_registry set rung_at = null where session_id = $session_id", {
    session_id,
  });
}
