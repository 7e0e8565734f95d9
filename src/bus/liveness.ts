/** Judges from processes, heartbeats and shared hosts whether a session lives. */
import { parseTime } from "./clock";
import type { ProcessEvidence, ProcessState, ProcessTable } from "./process";
import type { SessionRecord, SessionStatus } from "./session";
import type { Settings } from "./settings";

/** The judgement of a session. `ended`: the bus must end it now, for this reason. */
export interface Verdict {
  status: SessionStatus;
  process_state: ProcessState | null;
  ended: string | null;
}

/** It has ended, or ends now. */
export const isOver = ({ status, ended }: Verdict): boolean =>
  status === "terminated" || ended !== null;

/** Reasons for the end of a session that did not unregister. */
export const endReasons = {
  exited: "process exited",
  silent: "heartbeat expired",
  unseen: "no sign of life",
  idleHost: "no event in its shared host",
  unloaded: "its shared host has unloaded it",
} as const;

/** How long a session that ended so is still listed for a rescue, in milliseconds. */
export const endedVisibleFor = 24 * 3600 * 1000;

export interface HostAnswer {
  /** The heartbeat that the answer is about: it tells nothing once there is a later one. */
  heartbeat_at: string;
  /** Why the session is over; null where it goes on. */
  over: string | null;
}

/** What is known from shared hosts: that such a process runs does not prove that one of its sessions lives. */
export interface HostAnswers {
  /** Whether its host can be asked, so that no timer ends the session. */
  canAnswer(record: SessionRecord): boolean;
  /** By session id. */
  answers: ReadonlyMap<string, HostAnswer>;
}

const noAnswers: HostAnswers = { canAnswer: () => false, answers: new Map() };

/** Judges one session at one time. Synchronous: it is called inside the store's transactions. */
export type Judge = (record: SessionRecord) => Verdict;

/** The clock reading of one operation, and the judge that goes with it. */
export interface Liveness {
  /** Milliseconds since the epoch. */
  now: number;
  judge: Judge;
  /** State of any process, such as one that waits in a queue. */
  processState: (evidence: ProcessEvidence) => ProcessState;
}

/** With the answers of shared hosts, and the sessions that they still have to be asked about (`bus/shared-hosts.ts`). */
export interface ConfirmedLiveness extends Liveness {
  /** Silent sessions that were judged to be alive because their host had not been asked; by id. */
  unconfirmed: ReadonlyMap<string, SessionRecord>;
  answers: HostAnswers["answers"];
}

/**
 * The rules of liveness. Process evidence outweighs every timer: a live process keeps its session however old the
 * heartbeat is, and a process that is gone ends it. Silence counts only where the process cannot be judged, and in a
 * shared host that cannot be asked.
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

  // A clock that was set back makes the silence negative: that counts as a fresh heartbeat.
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

/** The clock reading and judge of one operation, in which each process is looked up once: one that is gone stays so. */
export function livenessAt(
  processes: ProcessTable,
  at: number,
  settings: Settings,
  { canAnswer, answers }: HostAnswers = noAnswers,
): ConfirmedLiveness {
  const states = new Map<string, ProcessState>();
  const state = (evidence: ProcessEvidence): ProcessState => {
    const { boot_id, pid_namespace, pid, start_ticks } = evidence;
    const key = `${boot_id} ${pid_namespace} ${pid} ${start_ticks}`;
    const known = states.get(key) ?? processes.state(evidence);
    states.set(key, known);
    return known;
  };
  const unconfirmed = new Map<string, SessionRecord>();
  const overInHost = (record: SessionRecord, silence: number): string | null => {
    const answer = answers.get(record.session_id);
    if (answer?.heartbeat_at === record.heartbeat_at) return answer.over;
    if (!canAnswer(record)) return silence > settings.sharedHostAfter ? endReasons.idleHost : null;
    if (silence > settings.staleAfter) unconfirmed.set(record.session_id, record);
    return null;
  };
  return {
    now: at,
    judge: (record) => judgeSession(record, state, at, settings, overInHost),
    processState: state,
    unconfirmed,
    answers,
  };
}
