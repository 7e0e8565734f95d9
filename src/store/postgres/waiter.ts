/** The queue of those who wait. */
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Blocker, Waiting } from "../../bus/lock";
import type { SessionRecord } from "../../bus/session";
import { isResource } from "../rows/path";
import { type Waiter, waiterFrom, type WaiterRow } from "../rows/waiter";
import type { Queries } from "./queries";

type Kind = Blocker["kind"];

type Row = WaiterRow & { machine_uuid: string };

/** The waiters of one kind that still wait, first come first; the rest are forgotten. */
export async function waiters(c: Queries, kind: Kind, liveness: Liveness): Promise<Waiter<Row>[]> {
  const rows = await c.all<Row>("select * from parley.waiters where kind = $kind order by id", {
    kind,
  });
  const waiting: Waiter<Row>[] = [];
  for (const row of rows) {
    const waiter = waiterFrom(row, liveness);
    if (waiter) waiting.push(waiter);
    else await leaveQueue(c, row.id);
  }
  return waiting;
}

/** Takes a place in the queue. Returns the ticket. */
export async function enterQueue(
  c: Queries,
  kind: Kind,
  { session_id, machine_uuid }: SessionRecord,
  resources: readonly string[],
  waiting: Waiting,
): Promise<number> {
  const { pid, boot_id, host_id, pid_namespace, start_ticks } = waiting.process;
  const row = await c.get<{ id: number }>(
    `insert into parley.waiters(session_id, machine_uuid, kind, resources, pid, boot_id, host_id, pid_namespace,
        start_ticks, until)
      values ($session_id, $machine_uuid, $kind, $resources, $pid, $boot_id, $host_id, $pid_namespace,
        $start_ticks, $until)
      returning id`,
    {
      ...{
        session_id,
        machine_uuid: machine_uuid ?? "",
        kind,
        pid,
        boot_id,
        host_id,
        pid_namespace,
        start_ticks,
      },
      resources: JSON.stringify(resources),
      until: timestamp(waiting.until),
    },
  );
  return row?.id ?? 0;
}

export const leaveQueue = (c: Queries, ticket: number): Promise<number> =>
  c.run("delete from parley.waiters where id = $ticket", { ticket });

/** What of the queue can come before a session of that machine: a path means the same to those on one machine only. */
export async function queueOn(
  c: Queries,
  kind: Kind,
  machine_uuid: string | null,
  liveness: Liveness,
): Promise<Waiter[]> {
  return (await waiters(c, kind, liveness)).map((waiter) => {
    const isHere = kind === "claim" || waiter.machine_uuid === machine_uuid;
    return { ...waiter, wanted: waiter.wanted.filter((each) => isHere || isResource(each)) };
  });
}

/** Sessions that wait for something of this kind: they hear of every release. */
export const waitingSessions = async (c: Queries, kind: Kind): Promise<string[]> =>
  (
    await c.all<{ session_id: string }>(
      "select distinct session_id from parley.waiters where kind = $kind",
      { kind },
    )
  ).map((row) => row.session_id);
