import { parseTime, timestamp } from "../../bus/clock";
import type { Rung, WakeLeave, WakeRequest } from "../../bus/reach";
import { fromRow } from "../rows/session";
import type { Connection } from "./connection";
import { inLoop } from "./loop";
import { sessionRow } from "./session";

/** A doorbell that nothing has followed for this time, in milliseconds, was not heard. */
const unheard = 10_000;

export function reserveWake(
  c: Connection,
  { session_id, sender_id }: WakeRequest,
  at: number,
): WakeLeave | null {
  const row = sessionRow(c, session_id);
  if (!row || row.status === "terminated") return null;
  const record = fromRow(row);
  if (inLoop(c, session_id, sender_id)) return { kind: "loop" };
  const { activity } = record;
  if (activity?.state !== "idle") return { kind: activity?.state ?? "working" };
  const rung = parseTime(row.rung_at) ?? 0;
  const idleSince = parseTime(activity.since) ?? 0;
  // A clock that stepped back makes the age negative.
  const fresh = at - rung >= 0 && at - rung < unheard;
  if (fresh && rung > idleSince) return { kind: "rung" };
  c.run("update session_registry set rung_at = $now where session_id = $session_id", {
    session_id,
    now: timestamp(at),
  });
  return { kind: "go", record };
}

export function noteWake(
  c: Connection,
  {
    message_id,
    session_id,
    way,
    outcome,
    reason,
  }: Rung & { message_id: number; session_id: string },
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
