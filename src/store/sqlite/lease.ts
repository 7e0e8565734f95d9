/** What locks and claims have in common: freeing what is over, what becomes of who is refused. */
import type { Liveness } from "../../bus/liveness";
import type { Attempt, Blocker, Waiting } from "../../bus/lock";
import type { SessionRecord } from "../../bus/session";
import { ranOut, waitingNote } from "../rows/lease";
import { raiseAlert } from "./alert";
import type { Connection } from "./connection";
import { insertEvent, tell } from "./event";
import { endIfDead, liveRecord } from "./session";
import { enterQueue } from "./waiter";

/** Removes a lock or claim, with its event. */
type Release<Held> = (c: Connection, held: Held, action: string, at: number) => void;

/** What ran out, or whose holder is dead, is free; it is removed, with its event. */
export function freeIfOver<Held extends { session_id: string; expires_at: string | null }>(
  c: Connection,
  held: Held,
  liveness: Liveness,
  release: Release<Held>,
): boolean {
  const holder = ranOut(held, liveness.now) ? null : liveRecord(c, held.session_id);
  if (holder) return endIfDead(c, holder, liveness);
  release(c, held, "expire", liveness.now);
  return true;
}

/**
 * What an attempt at these resources came to that somebody stands in the way of. The alert and the word to the holder
 * come with the first one, not with every look of a waiting session.
 */
export function blocked(
  c: Connection,
  me: SessionRecord,
  { ticket: held, waiting }: { ticket: number | null; waiting: Waiting | null },
  resources: readonly string[],
  blocker: Blocker,
  { now: at }: Liveness,
): Attempt<never> {
  if (held !== null) return { kind: "blocked", blocker, ticket: held, touched: [] };
  const { kind, holder, resource, waits } = blocker;
  const sessions = [holder, me.session_id];
  const ticket = waiting && enterQueue(c, kind, me.session_id, resources, waiting);
  if (!waits) {
    const type = kind === "lock" ? "file_conflict" : "task_conflict";
    raiseAlert(c, type, resource, sessions, me, at);
  }
  if (!waits && kind === "lock") {
    insertEvent(c, "file_conflict", "refused", me, { file: resource, sessions }, at);
  }
  if (ticket !== null) tell(c, me, holder, ...waitingNote(me, blocker), at);
  return { kind: "blocked", blocker, ticket, touched: [holder] };
}
