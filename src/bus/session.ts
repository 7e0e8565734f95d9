/** Sessions: the row, the results of the verbs for sessions, and a session as every verb reports it. */
import { type Reachability, reachabilityOf } from "./agent-wake";
import type { Conflict } from "./alert";
import type { Claim } from "./claim";
import type { Lock } from "./lock";
import type { Message } from "./message";
import type { Bus } from "./bus";
import type { ProjectSource } from "./identity";
import type { Liveness } from "./liveness";
import type { ProcessEvidence, ProcessState } from "./process";
import type { DatabaseFacts } from "./status";

/** `active` and `idle` sessions live; a `stale` one cannot be judged and is silent; a `terminated` one has ended. */
export type SessionStatus = "active" | "idle" | "stale" | "terminated";

/** Session ids and names: safe in a command line, a file name and a terminal. */
export const sessionIdForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** What an agent is doing, as its hooks report it. `awaiting permission`: its human has to answer first. */
export const activities = ["working", "idle", "awaiting permission"] as const;

export interface Activity {
  state: (typeof activities)[number];
  since: string;
}

/** The fields that the row and a reported session share. */
interface SessionIdentity {
  session_id: string;
  name: string | null;
  /** The agent's conversation id; siblings (`/continue`) share it. */
  session_uuid: string | null;
  machine_uuid: string | null;
  hostname: string | null;
  llm_vendor: string;
  llm_model: string | null;
  project_id: string | null;
  task_id: string | null;
  tty: string | null;
  cwd: string | null;
  pid: number | null;
  /** `pid`: the session ends with its process. `heartbeat`: it ends only by silence. */
  liveness: "pid" | "heartbeat";
  /** Files that the current turn has edited, the latest first. */
  active_files: string[];
  /** Null where no hook of the session has been called. */
  activity: Activity | null;
  registered_at: string;
  heartbeat_at: string;
}

/** A row of `session_registry`. */
export interface SessionRecord extends SessionIdentity {
  /** Files that it has edited in any turn, the latest first. Whether they are still changed, git tells. */
  edited_files: string[];
  /** When another process last sent a heartbeat for it, which does not tell that it is active; null: never. */
  kept_at: string | null;
  evidence: ProcessEvidence | null;
  /** Heartbeats were promised for it (`register --heartbeat`), so that silence counts. */
  promised_beats: boolean;
  shared_host: boolean;
  /** The permission mode of its agent, in the vendor's terms, as its last hook reported it; null where none did. */
  permission_mode: string | null;
  /** The directory that its vendor's method of waking needs; null where no hook has reported it. */
  agent_home: string | null;
  /** When a human last prompted it. */
  prompted_at: string | null;
  /** When our hooks last showed it a message, and when a wake prompt last began a turn of it. */
  hooked_at: string | null;
  woken_at: string | null;
  stored_status: "active" | "idle" | "terminated";
  ended_at: string | null;
  end_reason: string | null;
}

export interface Holdings {
  claimed_tasks: { task_id: string; claim_type: string }[];
  /** Locked paths. */
  file_locks: string[];
  unread_count: number;
}

export interface Session extends SessionIdentity, Holdings {
  status: SessionStatus;
  /** State of its process as seen from here; null where there is no evidence. */
  process_state: ProcessState | null;
  /** Since its process started; null where that cannot be known. */
  uptime_seconds: number | null;
  /** Claimed tasks joined by ", "; null where there are none. */
  claimed_task: string | null;
  reachability: Reachability;
}

/** Count of unread messages, and how many of them came on each channel. */
export interface Unread {
  total: number;
  by_channel: Record<string, number>;
}

export interface RegisterResult {
  session: Session;
  /** False where the session was registered already and its row was updated. */
  created: boolean;
  liveness: "pid" | "heartbeat";
  conflicts: Conflict[];
  unread: Unread;
  /** With `--verbose` all facts about the database. */
  database: { path: string } & Partial<DatabaseFacts>;
  /** How the facts were detected, for `--verbose`. */
  detected: {
    vendor_source: string;
    project_source: ProjectSource;
    /** Lifecycle event that was broadcast; null where the row was only updated. */
    event: "started" | "resumed" | null;
    /** Other sessions the conflict detection looked at. */
    other_sessions: number;
    /** Seconds between two promised heartbeats; null where none were promised. */
    heartbeat_seconds: number | null;
  };
}

export interface Released {
  locks: number;
  claims: number;
}

export interface UnregisterResult {
  session: Session;
  released: Released;
}

export interface RunResult {
  /** As it was registered. */
  session: Session;
  /** The program's own; 128 + n where a signal n ended it. */
  exit_code: number;
}

export interface TaskResult {
  session: Session;
  conflicts: Conflict[];
}

export interface Freed<Held> {
  released: Held[];
  /** Sessions that wait for something of this kind. */
  touched: string[];
}

export interface Registered {
  record: SessionRecord;
  created: boolean;
  event: "started" | "resumed" | null;
  conflicts: Conflict[];
  other_sessions: number;
  holdings: Holdings;
  unread: Unread;
  /** Sessions whose mailbox or alerts changed. */
  touched: string[];
}

export interface Ended {
  record: SessionRecord;
  released: Released;
}

export interface HeldBy {
  record: SessionRecord;
  holdings: Holdings;
}

export interface SessionExport {
  locks: Lock[];
  claims: Claim[];
  /** Directed messages, oldest first; the unread ones are among the received. */
  messages: { sent: Message[]; received: Message[]; unread: Message[] };
}

export interface TaskChange {
  record: SessionRecord;
  conflicts: Conflict[];
  holdings: Holdings;
  touched: string[];
}

/** A session as every verb reports it: the row, what it holds, and what can be seen of its process. */
export function describeSession(
  record: SessionRecord,
  holdings: Holdings,
  liveness: Liveness,
  bus: Pick<Bus, "identity" | "agentWaker" | "agentKinds">,
): Session {
  const verdict = liveness.judge(record);
  const { status, process_state } = verdict;
  return {
    session_id: record.session_id,
    name: record.name,
    session_uuid: record.session_uuid,
    machine_uuid: record.machine_uuid,
    hostname: record.hostname,
    llm_vendor: record.llm_vendor,
    llm_model: record.llm_model,
    project_id: record.project_id,
    task_id: record.task_id,
    tty: record.tty,
    cwd: record.cwd,
    pid: record.pid,
    status,
    liveness: record.liveness,
    process_state,
    uptime_seconds:
      record.evidence && (process_state === "running" || process_state === "stopped")
        ? bus.identity.processes.uptimeSeconds(record.evidence)
        : null,
    claimed_task: holdings.claimed_tasks.map((claim) => claim.task_id).join(", ") || null,
    claimed_tasks: holdings.claimed_tasks.map(({ task_id, claim_type }) => ({
      task_id,
      claim_type,
    })),
    file_locks: holdings.file_locks,
    active_files: record.active_files,
    activity: record.activity,
    reachability: reachabilityOf(record, verdict, bus),
    unread_count: holdings.unread_count,
    registered_at: record.registered_at,
    heartbeat_at: record.heartbeat_at,
  };
}
