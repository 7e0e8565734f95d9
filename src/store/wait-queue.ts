/** The queue of those that wait for locks and claims, and what stands in an attempt's way. */
import { timestamp } from "../bus/clock";
import type { Liveness } from "../bus/liveness";
import type { Attempt, Blocker, Waiting } from "../bus/lock";
import type { ProcessEvidence } from "../bus/process";
import type { SessionRecord } from "../bus/session";
import { raiseAlert } from "./alert";
import type { Statements } from "./database";
import { insertEvent, insertNote } from "./event";
import { endIfDead } from "./liveness";
import { isResource } from "./lock-path";
import { liveRecord } from "./session";

type Kind = Blocker["kind"];

/** A row of `waiters`. */
interface WaiterRow extends ProcessEvidence {
  id: number;
  session_id: string;
  /** Missing where the engine knows one machine only. */
  machine_uuid?: string;
  /** As JSON. */
  resources: string;
  until: string;
}

type Waiter = WaiterRow & { wanted: string[] };

/** The waiters of one kind that still wait, first come first; the rest are forgotten. */
export async function waiters(s: Statements, kind: Kind, liveness: Liveness): Promise<Waiter[]> {
  const rows = await s.all<WaiterRow>(
    "select * from parley.waiters where kind = $kind order by id",
    { kind },
  );
  const waiting: Waiter[] = [];
  for (const row of rows) {
    const waits = row.until > timestamp(liveness.now) && liveness.processState(row) !== "gone";
    if (waits) waiting.push({ ...row, wanted: JSON.parse(row.resources) as string[] });
    else await leaveQueue(s, row.id);
  }
  return waiting;
}

/** What of the queue can come before a session of that machine: a path means the same to sessions of one machine only. */
export async function queueOn(
  s: Statements,
  kind: Kind,
  machine: string | null,
  liveness: Liveness,
): Promise<Waiter[]> {
  const waiting = await waiters(s, kind, liveness);
  if (kind === "claim" || !s.dialect.perMachine) return waiting;
  return waiting.map((waiter) => {
    const isHere = waiter.machine_uuid === machine;
    return { ...waiter, wanted: waiter.wanted.filter((each) => isHere || isResource(each)) };
  });
}

/** A session that is in the way of what is free, by having waited for it longer. */
export type Ahead = Pick<Blocker, "holder" | "resource">;

/**
 * The first other session that was waiting for one of these resources before this attempt. A session that waits for
 * something this one holds does not come first: each would wait for the other.
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

/** Takes a place in the queue. Returns the ticket. */
async function enterQueue(
  s: Statements,
  kind: Kind,
  { session_id, machine_uuid }: SessionRecord,
  resources: readonly string[],
  waiting: Waiting,
): Promise<number> {
  const { pid, boot_id, host_id, pid_namespace, start_ticks } = waiting.process;
  const [column, value] = s.dialect.perMachine ? ["machine_uuid, ", "$machine_uuid, "] : ["", ""];
  const row = await s.get<{ id: number }>(
    `insert into parley.waiters(${column}session_id, kind, resources, pid, boot_id, host_id, pid_namespace,
        start_ticks, until)
      values (${value}$session_id, $kind, $resources, $pid, $boot_id, $host_id, $pid_namespace,
        $start_ticks, $until)
      returning id`,
    {
      ...{ session_id, kind, pid, boot_id, host_id, pid_namespace, start_ticks },
      machine_uuid: machine_uuid ?? "",
      resources: JSON.stringify(resources),
      until: timestamp(waiting.until),
    },
  );
  return row?.id ?? 0;
}

export const leaveQueue = (s: Statements, ticket: number): Promise<number> =>
  s.run("delete from parley.waiters where id = $ticket", { ticket });

/** Sessions that wait for something of this kind: they are told of every release. */
export const waitingSessions = async (s: Statements, kind: Kind): Promise<string[]> =>
  (
    await s.all<{ session_id: string }>(
      "select distinct session_id from parley.waiters where kind = $kind",
      { kind },
    )
  ).map((row) => row.session_id);

/** Whether a lock or claim was given for a time which is over. */
export const ranOut = ({ expires_at }: { expires_at: string | null }, at: number): boolean =>
  expires_at !== null && expires_at <= timestamp(at);

/** What ran out, or whose holder is dead, is free; it is removed by `release`, with its event. */
export async function freeIfOver<Held extends { session_id: string; expires_at: string | null }>(
  s: Statements,
  held: Held,
  liveness: Liveness,
  release: (s: Statements, held: Held, action: string, at: number) => Promise<void>,
): Promise<boolean> {
  const holder = ranOut(held, liveness.now) ? null : await liveRecord(s, held.session_id);
  if (holder) return endIfDead(s, holder, liveness);
  await release(s, held, "expire", liveness.now);
  return true;
}

/**
 * What an attempt at these resources came to that another session is in the way of. The alert and the note to the holder
 * come with the first attempt, not with every look of a waiting session.
 */
export async function blocked(
  s: Statements,
  me: SessionRecord,
  { ticket: held, waiting }: { ticket: number | null; waiting: Waiting | null },
  resources: readonly string[],
  blocker: Blocker,
  { now: at }: Liveness,
): Promise<Attempt<never>> {
  if (held !== null) return { kind: "blocked", blocker, ticket: held, touched: [] };
  const { kind, holder, resource, queued } = blocker;
  const sessions = [holder, me.session_id];
  const ticket = waiting && (await enterQueue(s, kind, me, resources, waiting));
  if (!queued) {
    const type = kind === "lock" ? "file_conflict" : "task_conflict";
    await raiseAlert(s, type, resource, sessions, me, at);
  }
  if (!queued && kind === "lock") {
    await insertEvent(s, "file_conflict", "refused", me, { file: resource, sessions }, at);
  }
  if (ticket !== null) {
    const what = queued ? `${resource} after you` : `your ${kind} on ${resource}`;
    const about = kind === "lock" ? { file: resource } : { task_id: resource };
    await insertNote(s, me, holder, `${me.session_id} waits for ${what}`, about, at);
  }
  return { kind: "blocked", blocker, ticket, touched: [holder] };
}
