import { timestamp } from "../../bus/clock";
import type { Moment } from "../../bus/liveness";
import type { Connection } from "./connection";
import { endIfDead, liveRecord } from "./session";

/** Removes a lock or claim, with its event. */
type Release<Held> = (c: Connection, held: Held, action: string, at: number) => void;

/** What ran out, or whose holder is dead, is free; it is removed, with its event. */
export function freeIfOver<Held extends { session_id: string; expires_at: string | null }>(
  c: Connection,
  held: Held,
  moment: Moment,
  release: Release<Held>,
): boolean {
  const ranOut = held.expires_at !== null && held.expires_at <= timestamp(moment.at);
  const holder = ranOut ? null : liveRecord(c, held.session_id);
  if (holder) return endIfDead(c, holder, moment);
  release(c, held, "expire", moment.at);
  return true;
}
