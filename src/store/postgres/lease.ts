/** What locks and claims have in common: freeing what is over, what becomes of who is refused. */
import type { Liveness } from "../../bus/liveness";
import type { Attempt, Blocker, Waiting } from "../../bus/lock";
import type { SessionRecord } from "../../bus/session";
import { ranOut, waitingNote } from "../rows/lease";
import { raiseAlert } from "./alert";
import type { Queries } from "./queries";
import { insertEvent, tell } from "./event";
import { endIfDead, liveRecord } from "./session";
import { enterQueue } from "./waiter";

/** Removes a lock or claim, with its event. */
type Release<Held> = (c: Queries, held: Held, action: string, at: number) => Promise<void>;

/** What ran out, or whose holder is dead, is free; it is removed, with its event. */
export async function freeIfOver<Held extends { session_id: string; expires_at: string | null }>(
  c: Queries,
  held: Held,
  liveness: Liveness,
  release: Release<Held>,
): Promise<boolean> {
  const holder = ranOut(held, liveness.now) ? null : await liveRecord(c, held.session_id);
  if (holder) return endIfDead(c, holder, liveness);
  await release(c, held, "expire", liveness.now);
  return true;
}

/**
 * What an attempt at these resources came to that somebody stands in the way of. The alert and the word to the holder
 * come with the first one, not with every look of a waiting session.
 */
export async function blocked(
  c: Queries,
  me: SessionRecord,
  { ticket: held, waiting }: { ticket: number | null; waiting: Waiting | null },
  resources: readonly string[],
  blocker: Blocker,
  { now: at }: Liveness,
): Promise<Attempt<never>> {
  if (held !== null) return { kind: "blocked", blocker, ticket: held, touched: [] };
  const { kind, holder, resource, waits } = blocker;
  const sessions = [holder, me.session_id];
  const ticket = waiting && (await enterQueue(c, kind, me, resources, waiting));
  if (!waits) {
    const type = kind === "lock" ? "file_conflict" : "task_conflict";
    await raiseAlert(c, type, resource, sessions, me, at);
  }
  if (!waits && kind === "lock") {
    await insertEvent(c, "file_conflict", "refused", me, { file: resource, sessions }, at);
  }
  if (ticket !== null) await tell(c, me, holder, ...waitingNote(me, blocker), at);
  return { kind: "blocked", blocker, ticket, touched: [holder] };
}
