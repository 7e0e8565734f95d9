/** A row of a waiter, and which one comes first. */
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Blocker } from "../../bus/lock";
import type { ProcessEvidence } from "../../bus/process";

/** A row of `waiters`. */
export interface WaiterRow extends ProcessEvidence {
  id: number;
  session_id: string;
  /** As JSON. */
  resources: string;
  until: string;
}

export type Waiter<Row extends WaiterRow = WaiterRow> = Row & { wanted: string[] };

/** Null for one that waits no more. */
export const waiterFrom = <Row extends WaiterRow>(
  row: Row,
  liveness: Liveness,
): Waiter<Row> | null =>
  row.until > timestamp(liveness.now) && liveness.processState(row) !== "gone"
    ? { ...row, wanted: JSON.parse(row.resources) as string[] }
    : null;

/** Who stands in the way of what is free, by having waited for it longer. */
export type Ahead = Pick<Blocker, "holder" | "resource">;

/**
 * The first other session that was waiting for one of these resources before this attempt. One that waits for
 * something this session holds does not come first: each would wait for the other.
 */
export function firstInQueue(
  queue: readonly Waiter[],
  { session_id, ticket }: { session_id: string; ticket: number | null },
  overlaps: (wanted: string) => boolean,
  heldByMe: (wanted: string) => boolean,
): Ahead | null {
  for (const waiter of queue) {
    if (ticket !== null && waiter.id >= ticket) break;
    if (waiter.session_id === session_id || waiter.wanted.some(heldByMe)) continue;
    const resource = waiter.wanted.find(overlaps);
    if (resource !== undefined) return { holder: waiter.session_id, resource };
  }
  return null;
}
