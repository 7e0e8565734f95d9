import { parseTime } from "./clock";
import type { ProcessEvidence, ProcessState, ProcessTable } from "./process";
import type { SessionRecord, SessionStatus } from "./session";
import type { Settings } from "./settings";

/** What an observer concludes about a session. `ended`: the bus must end it now, with that reason. */
export interface Judgement {
  status: SessionStatus;
  process_state: ProcessState | null;
  ended: string | null;
}

/** The reasons that the rules below give for an end: nobody asked for it. */
export const deaths = {
  exited: "process exited",
  silent: "heartbeat expired",
  unseen: "no sign of life",
  idleHost: "no event in its shared host",
} as const;

/** Judges one session at one moment; asked inside the store's transactions, hence synchronous. */
export type Judge = (record: SessionRecord) => Judgement;

/** The clock reading of one operation, and the judge that goes with it. */
export interface Moment {
  /** Milliseconds since the epoch. */
  at: number;
  judge: Judge;
  /** State of a process that is no session's: one that waits in a queue. */
  processState: (evidence: ProcessEvidence) => ProcessState;
}

/**
 * The rules of liveness. Process evidence outweighs every timer: a live process keeps its session however old the
 * heartbeat, a vanished one ends it. Only where the process cannot be judged does silence count.
 */
export function judgeSession(
  record: SessionRecord,
  processState: (evidence: ProcessEvidence) => ProcessState,
  at: number,
  settings: Settings,
): Judgement {
  const state = record.evidence ? processState(record.evidence) : null;
  const conclude = (status: SessionStatus, ended: string | null = null): Judgement => ({
    status,
    process_state: state,
    ended,
  });
  if (record.stored_status === "terminated") return conclude("terminated");

  // A clock that stepped back makes the silence negative: that is a fresh sign, not an old one.
  const silence = at - (parseTime(record.heartbeat_at) ?? at);
  const quiet: SessionStatus =
    silence > settings.staleAfter || record.stored_status === "idle" ? "idle" : "active";

  if (record.liveness === "heartbeat" || state === null) {
    return silence > settings.staleAfter ? conclude("stale", deaths.silent) : conclude(quiet);
  }
  if (state === "gone") return conclude("stale", deaths.exited);
  if (state === "unknown") {
    const limit = record.promised_beats ? settings.staleAfter : settings.unseenAfter;
    if (silence > limit) return conclude("stale", deaths.unseen);
    return silence > settings.staleAfter ? conclude("stale") : conclude(quiet);
  }
  if (record.shared_host && silence > settings.sharedHostAfter) {
    return conclude("stale", deaths.idleHost);
  }
  return conclude(quiet);
}

/** The moment of one operation; each process is looked up once in it. A process that is gone does not come back. */
export function momentOf(processes: ProcessTable, at: number, settings: Settings): Moment {
  const states = new Map<string, ProcessState>();
  const state = (evidence: ProcessEvidence): ProcessState => {
    const { boot_id, pid_namespace, pid, start_ticks } = evidence;
    const key = `${boot_id} ${pid_namespace} ${pid} ${start_ticks}`;
    const known = states.get(key) ?? processes.state(evidence);
    states.set(key, known);
    return known;
  };
  return {
    at,
    judge: (record) => judgeSession(record, state, at, settings),
    processState: state,
  };
}
