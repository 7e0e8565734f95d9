/** The queue of those who wait. */
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Blocker, Waiting } from "../../bus/lock";
import { type Waiter, waiterFrom, type WaiterRow } from "../rows/waiter";
import type { Connection } from "./connection";

type Kind = Blocker["kind"];

/** The waiters of one kind that still wait, first come first; the rest are forgotten. */
export function waiters(c: Connection, kind: Kind, liveness: Liveness): Waiter[] {
  const rows = c.all<WaiterRow>("select * from waiters where kind = $kind order by id", { kind });
  return rows.flatMap((row) => {
    const waiter = waiterFrom(row, liveness);
    if (!waiter) leaveQueue(c, row.id);
    return waiter ?? [];
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

/** Sessions that wait for something of this kind: they hear of every release. */
export const waitingSessions = (c: Connection, kind: Kind): string[] =>
  c
    .all<{ session_id: string }>("select distinct session_id from waiters where kind = $kind", {
      kind,
    })
    .map((row) => row.session_id);
