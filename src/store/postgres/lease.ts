import { timestamp } from "../../bus/clock";
import type { Moment } from "../../bus/liveness";
import type { Queries } from "./queries";
import { endIfDead, liveRecord } from "./session";

/** Removes a lock or claim, with its event. */
type Release<Held> = (c: Queries, held: Held, action: string, at: number) => Promise<void>;

/** What ran out, or whose holder is dead, is free; it is removed, with its event. */
export async function freeIfOver<Held extends { session_id: string; expires_at: string | null }>(
  c: Queries,
  held: Held,
  moment: Moment,
  release: Release<Held>,
): Promise<boolean> {
  const ranOut = held.expires_at !== null && held.expires_at <= timestamp(moment.at);
  const holder = ranOut ? null : await liveRecord(c, held.session_id);
  if (holder) return endIfDead(c, holder, moment);
  await release(c, held, "expire", moment.at);
  return true;
}
