/** Waking an idle session for a message: the permission, and what came of it. */
import { parseTime, timestamp } from "../bus/clock";
import type { WakeResult, WakeEvidence, WakePermit, WakeRequest } from "../bus/agent-wake";
import type { Statements } from "./database";
import { inLoop } from "./message-loop";
import { sessionFrom, type SessionRow, sessionRow } from "./session";

export interface WakeColumns {
  wake_at: string | null;
  wake_way: string | null;
  wake_outcome: string | null;
  wake_reason: string | null;
}

export const wakeColumns = "d.wake_at, d.wake_way, d.wake_outcome, d.wake_reason";

export const wakeFrom = (row: WakeColumns): WakeEvidence | null =>
  row.wake_at === null || row.wake_way === null
    ? null
    : {
        way: row.wake_way,
        outcome: row.wake_outcome as WakeEvidence["outcome"],
        reason: row.wake_reason,
        at: row.wake_at,
      };

/** A wake prompt that nothing has followed for this time, in milliseconds, was not heard. */
const unheard = 10_000;

/** Whether a session may be woken now, by its row: where it idles and no wake prompt is on its way to it. */
function permitFor(row: SessionRow, at: number): WakePermit {
  const record = sessionFrom(row);
  const { activity } = record;
  if (activity?.state !== "idle") return { kind: activity?.state ?? "working" };
  const rung = parseTime(row.rung_at) ?? 0;
  const idleSince = parseTime(activity.since) ?? 0;
  // A clock that stepped back makes the age negative.
  const fresh = at - rung >= 0 && at - rung < unheard;
  return fresh && rung > idleSince ? { kind: "already woken" } : { kind: "go", record };
}

/** As the only writer: of several senders exactly one gets `go`. */
export async function permitWake(
  s: Statements,
  { session_id, sender_id }: WakeRequest,
  at: number,
): Promise<WakePermit | null> {
  const row = await sessionRow(s, session_id);
  if (!row || row.status === "terminated") return null;
  if (await inLoop(s, session_id, sender_id)) return { kind: "loop" };
  const permit = permitFor(row, at);
  if (permit.kind !== "go") return permit;
  await s.run("update parley.session_registry set rung_at = $now where session_id = $session_id", {
    session_id,
    now: timestamp(at),
  });
  return permit;
}

export async function recordWake(
  s: Statements,
  evidence: WakeResult & { message_id: number; session_id: string },
  at: number,
): Promise<void> {
  const { message_id, session_id, way, outcome, reason } = evidence;
  await s.run(
    `update parley.deliveries
      set wake_at = $now, wake_way = $way, wake_outcome = $outcome, wake_reason = $reason
      where message_id = $message_id and session_id = $session_id`,
    { message_id, session_id, way, outcome, reason, now: timestamp(at) },
  );
  if (outcome !== "failed") return;
  await s.run("update parley.session_registry set rung_at = null where session_id = $session_id", {
    session_id,
  });
}
