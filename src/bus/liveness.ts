/** The judge of sessions. */
import { parseTime } from "./clock";
import type { ProcessEvidence, ProcessState, ProcessTable } from "./process";
import type { SessionRecord, SessionStatus } from "./session";
import type { Settings } from "./settings";

/** What an observer concludes about a session. `ended`: the bus must end it now, with that reason. */
export interface Verdict {
  status: SessionStatus;
  process_state: ProcessState | null;
  ended: string | null;
}

/** The reasons that the rules below give for an end: nobody asked for it. */
export const endReasons = {
  exited: "process exited",
  silent: "heartbeat expired",
  unseen: "no sign of life",
  idleHost: "no event in its shared host",
  unloaded: "its shared host has unloaded it",
} as const;

/** How long one that died so is still listed, in milliseconds: somebody may look for it. */
export const endedVisibleFor = 24 * 3600 * 1000;

/** What the host of a session was heard to say: why the session is over, null where it goes on. */
export interface HostAnswer {
  /** The sign of life that the word is about; it says nothing of a later one. */
  heartbeat_at: string;
  over: string | null;
}

/** What is known of processes that host several sessions, each of which proves nothing of one session. */
export interface HostAnswers {
  /** Its host can be asked, so that no timer ends the session. */
  canAnswer(record: SessionRecord): boolean;
  /** By session id. */
  answers: ReadonlyMap<string, HostAnswer>;
}

const noAnswers: HostAnswers = { canAnswer: () => false, answers: new Map() };

/** Judges one session at one moment; asked inside the store's transactions, hence synchronous. */
export type Judge = (record: SessionRecord) => Verdict;

/** The clock reading of one operation, and the judge that goes with it. */
export interface Liveness {
  /** Milliseconds since the epoch. */
  now: number;
  judge: Judge;
  /** State of a process that is no session's: one that waits in a queue. */
  processState: (evidence: ProcessEvidence) => ProcessState;
}

/** One that knows of hosts, and whom it still has to ask them about (`bus/shared-hosts.ts`). */
export interface ConfirmedLiveness extends Liveness {
  /** Sessions that were judged, silent, to be alive because their host had not been asked; by id. */
  unconfirmed: ReadonlyMap<string, SessionRecord>;
  answers: HostAnswers["answers"];
}

/**
 * The rules of liveness. Process evidence outweighs every timer: a live process keeps its session however old the
 * heartbeat, a vanished one ends it. Only where the process cannot be judged does silence count, and in a host that cannot
 * be asked.
 */
export function judgeSession(
  record: SessionRecord,
  processState: (evidence: ProcessEvidence) => ProcessState,
  at: number,
  settings: Settings,
  overInHost: (record: SessionRecord, silence: number) => string | null,
): Verdict {
  const state = record.evidence ? processState(record.evidence) : null;
  const conclude = (status: SessionStatus, ended: string | null = null): Verdict => ({
    status,
    process_state: state,
    ended,
  });
  if (record.stored_status === "terminated") return conclude("terminated");

  // A clock that stepped back makes the silence negative: that is a fresh sign, not an old one.
  const since = (time: string | null): number => at - (parseTime(time) ?? at);
  const idleness = since(record.heartbeat_at);
  const silence = record.kept_at === null ? idleness : Math.min(idleness, since(record.kept_at));
  const quiet: SessionStatus =
    idleness > settings.staleAfter || record.stored_status === "idle" ? "idle" : "active";

  if (record.liveness === "heartbeat" || state === null) {
    return silence > settings.staleAfter ? conclude("stale", endReasons.silent) : conclude(quiet);
  }
  if (state === "gone") return conclude("stale", endReasons.exited);
  if (state === "unknown") {
    const limit = record.promised_beats ? settings.staleAfter : settings.unseenAfter;
    if (silence > limit) return conclude("stale", endReasons.unseen);
    return silence > settings.staleAfter ? conclude("stale") : conclude(quiet);
  }
  const over = record.shared_host ? overInHost(record, idleness) : null;
  return over === null ? conclude(quiet) : conclude("stale", over);
}

/** The moment of one operation; each process is looked up once in it. A process that is gone does not come back. */
export function livenessAt(
  processes: ProcessTable,
  at: number,
  settings: Settings,
  { canAnswer, answers: said }: HostAnswers = noAnswers,
): ConfirmedLiveness {
  const states = new Map<string, ProcessState>();
  const state = (evidence: ProcessEvidence): ProcessState => {
    const { boot_id, pid_namespace, pid, start_ticks } = evidence;
    const key = `${boot_id} ${pid_namespace} ${pid} ${start_ticks}`;
    const known = states.get(key) ?? processes.state(evidence);
    states.set(key, known);
    return known;
  };
  const unasked = new Map<string, SessionRecord>();
  const overInHost = (record: SessionRecord, silence: number): string | null => {
    const word = said.get(record.session_id);
    if (word?.heartbeat_at === record.heartbeat_at) return word.over;
    if (!canAnswer(record)) return silence > settings.sharedHostAfter ? endReasons.idleHost : null;
    if (silence > settings.staleAfter) unasked.set(record.session_id, record);
    return null;
  };
  return {
    now: at,
    judge: (record) => judgeSession(record, state, at, settings, overInHost),
    processState: state,
    unconfirmed: unasked,
    answers: said,
  };
}
