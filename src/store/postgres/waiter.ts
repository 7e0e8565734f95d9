import { timestamp } from "../../bus/clock";
import type { Moment } from "../../bus/liveness";
import type { Waiting } from "../../bus/lock";
import type { ProcessEvidence } from "../../bus/process";
import type { SessionRecord } from "../../bus/session";
import { isResource } from "../rows/path";
import type { Queries } from "./queries";

type Kind = "lock" | "claim";

interface WaiterRow extends ProcessEvidence {
  id: number;
  session_id: string;
  machine_uuid: string;
  resources: string;
}

type Waiter = WaiterRow & { wanted: string[] };

/** The waiters of one kind that still wait, first come first; the rest are forgotten. */
export async function waiters(c: Queries, kind: Kind, moment: Moment): Promise<Waiter[]> {
  const rows = await c.all<WaiterRow & { until: string }>(
    "select * from parley.waiters where kind = $kind order by id",
    { kind },
  );
  const now = timestamp(moment.at);
  const waiting: Waiter[] = [];
  for (const row of rows) {
    if (row.until > now && moment.processState(row) !== "gone") {
      waiting.push({ ...row, wanted: JSON.parse(row.resources) as string[] });
    } else await leaveQueue(c, row.id);
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

/**
 * The first other session that was waiting for one of these resources before this attempt. One that waits for
 * something this session holds does not come first: each would wait for the other. A path means the same to those on
 * one machine only.
 */
export async function firstInQueue(
  c: Queries,
  kind: Kind,
  { session_id, machine_uuid }: SessionRecord,
  ticket: number | null,
  overlaps: (wanted: string) => boolean,
  heldByMe: (wanted: string) => boolean,
  moment: Moment,
): Promise<{ session_id: string; wanted: string } | null> {
  for (const waiter of await waiters(c, kind, moment)) {
    if (ticket !== null && waiter.id >= ticket) break;
    const elsewhere = kind === "lock" && waiter.machine_uuid !== machine_uuid;
    const wants = waiter.wanted.filter((each) => !elsewhere || isResource(each));
    if (waiter.session_id === session_id || wants.some(heldByMe)) continue;
    const wanted = wants.find(overlaps);
    if (wanted !== undefined) return { session_id: waiter.session_id, wanted };
  }
  return null;
}

/** Sessions that wait for something of this kind: they hear of every release. */
export const waitingSessions = async (c: Queries, kind: Kind): Promise<string[]> =>
  (
    await c.all<{ session_id: string }>(
      "select distinct session_id from parley.waiters where kind = $kind",
      { kind },
    )
  ).map((row) => row.session_id);
