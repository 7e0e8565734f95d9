/** `cleanStale`: ends the sessions that are dead or stale. */
import type { Bus } from "../bus/bus";
import type { Caller } from "../bus/caller";
import { rescue } from "../bus/rescue";

export interface CleanedStale {
  /** Sessions that ended by this. */
  sessions: string[];
  /** How many of their locks and claims are free. */
  locks: number;
  claims: number;
}

/** A rescue of dead and stale sessions only: whether a session hangs is not even checked. */
export async function cleanStale(bus: Bus, caller: Caller): Promise<CleanedStale> {
  const { result } = await rescue(bus, caller, {
    named: [],
    statusOnly: false,
    force: false,
    hungAfter: Number.POSITIVE_INFINITY,
    files: null,
    kill: false,
    confirm: async () => false,
  });
  const ended = result.sessions.filter(({ released }) => released);
  return { sessions: ended.map(({ session_id }) => session_id), ...result.released };
}
