/** Whether a session may be woken, and what came of it, from its row and its delivery. */
import { parseTime } from "../../bus/clock";
import type { WakeEvidence, WakePermit } from "../../bus/agent-wake";
import { fromRow, type SessionRow } from "./session";

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

/** A doorbell that nothing has followed for this time, in milliseconds, was not heard. */
const unheard = 10_000;

/** Whether a session may be rung now, by its row: where it idles and no doorbell is on its way to it. */
export function leaveFor(row: SessionRow, at: number): WakePermit {
  const record = fromRow(row);
  const { activity } = record;
  if (activity?.state !== "idle") return { kind: activity?.state ?? "working" };
  const rung = parseTime(row.rung_at) ?? 0;
  const idleSince = parseTime(activity.since) ?? 0;
  // A clock that stepped back makes the age negative.
  const fresh = at - rung >= 0 && at - rung < unheard;
  return fresh && rung > idleSince ? { kind: "rung" } : { kind: "go", record };
}
