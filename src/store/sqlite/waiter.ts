import { timestamp } from "../../bus/clock";
import type { Moment } from "../../bus/liveness";
import type { Waiting } from "../../bus/lock";
import type { ProcessEvidence } from "../../bus/process";
import type { Connection } from "./connection";

type Kind = "lock" | "claim";

interface WaiterRow extends ProcessEvidence {
  id: number;
  session_id: string;
  resources: string;
}

/** The waiters of one kind that still wait, first come first; the rest are forgotten. */
export function waiters(
  c: Connection,
  kind: Kind,
  moment: Moment,
): (WaiterRow & { wanted: string[] })[] {
  const rows = c.all<WaiterRow & { until: string }>(
    "select * from waiters where kind = $kind order by id",
    { kind },
  );
  const now = timestamp(moment.at);
  return rows.flatMap((row) => {
    if (row.until > now && moment.processState(row) !== "gone") {
      return [{ ...row, wanted: JSON.parse(row.resources) as string[] }];
    }
    leaveQueue(c, row.id);
    return [];
  });
}

/** Takes a place in the queue. Returns the ticket. */
export function enterQueue(
  c: Connection,
  kind: Kind,
  session_id: string,
  resources: readonly string[],
  waiting: Waiting,
): number {
  const { pid, boot_id, host_id, pid_namespace, start_ticks } = waiting.process;
  const row = c.get<{ id: number }>(
    `insert into waiters(session_id, kind, resources, pid, boot_id, host_id, pid_namespace, start_ticks, until)
      values ($session_id, $kind, $resources, $pid, $boot_id, $host_id, $pid_namespace, $start_ticks, $until)
      returning id`,
    {
      ...{ session_id, kind, pid, boot_id, host_id, pid_namespace, start_ticks },
      resources: JSON.stringify(resources),
      until: timestamp(waiting.until),
    },
  );
  return row?.id ?? 0;
}

export const leaveQueue = (c: Connection, ticket: number): number =>
  c.run("delete from waiters where id = $ticket", { ticket });

/**
 * The first other session that was waiting for one of these resources before this attempt. One that waits for
 * something this session holds does not come first: each would wait for the other.
 */
export function firstInQueue(
  c: Connection,
  kind: Kind,
  session_id: string,
  ticket: number | null,
  overlaps: (wanted: string) => boolean,
  heldByMe: (wanted: string) => boolean,
  moment: Moment,
): { session_id: string; wanted: string } | null {
  for (const waiter of waiters(c, kind, moment)) {
    if (ticket !== null && waiter.id >= ticket) break;
    if (waiter.session_id === session_id || waiter.wanted.some(heldByMe)) continue;
    const wanted = waiter.wanted.find(overlaps);
    if (wanted !== undefined) return { session_id: waiter.session_id, wanted };
  }
  return null;
}

/** Sessions that wait for something of this kind: they hear of every release. */
export const waitingSessions = (c: Connection, kind: Kind): string[] =>
  c
    .all<{ session_id: string }>("select distinct session_id from waiters where kind = $kind", {
      kind,
    })
    .map((row) => row.session_id);
