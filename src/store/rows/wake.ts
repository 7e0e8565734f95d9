import type { WakeEvidence } from "../../bus/reach";

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
