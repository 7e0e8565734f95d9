/** Ending dead and stale sessions. */
import type { Bus } from "../bus/bus";
import { rescue } from "../bus/rescue";

export interface CleanedStale {
  /** Sessions that ended by this. */
  sessions: string[];
  /** How many of their locks and claims are free. */
  locks: number;
  claims: number;
}

/** A rescue that touches the dead and the stale only: whether somebody hangs is not even looked at. */
export async function cleanStale(bus: Bus): Promise<CleanedStale> {
  const { result } = await rescue(bus, {
    asOperator: false,
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
