/** Sessions: rows, shapes, results. */
import type { Conflict } from "./alert";
import type { ProjectSource } from "./identity";
import type { ProcessEvidence, ProcessState } from "./process";
import type { Reachability } from "./agent-wake";
import type { DatabaseFacts } from "./status";

/** `active` and `idle` live; `stale` cannot be judged and has not been heard of; `terminated` ended. */
export type SessionStatus = "active" | "idle" | "stale" | "terminated";

/** Session ids and names: what can stand in a command line, a file name and a terminal unharmed. */
export const sessionIdForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** What an agent is doing, as its hooks tell. `awaiting permission`: a human has to answer it first. */
export const activities = ["working", "idle", "awaiting permission"] as const;

export interface Activity {
  state: (typeof activities)[number];
  /** When it came into that state. */
  since: string;
}

/** What a session says of itself. */
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
  /** `pid`: the process's end is the session's end. `heartbeat`: only silence is. */
  liveness: "pid" | "heartbeat";
  /** Files that the current turn has edited, the latest first. */
  active_files: string[];
  /** Null where no hook of the session has said anything. */
  activity: Activity | null;
  registered_at: string;
  heartbeat_at: string;
}

/** A row of `session_registry`. */
export interface SessionRecord extends SessionIdentity {
  /** Files that it has edited in any turn, the latest first. What has become of them since, git knows. */
  edited_files: string[];
  /** When something last beat for it that knows nothing of what it does; null where nothing has. */
  kept_at: string | null;
  evidence: ProcessEvidence | null;
  /** Somebody promised to beat for it (`register --heartbeat`): silence counts. */
  promised_beats: boolean;
  shared_host: boolean;
  /** What its agent does without asking, in the vendor's word, as its last hook told; null where none did. */
  permission_mode: string | null;
  /** The directory in which its vendor's way of waking is found; null where no hook has told it. */
  agent_home: string | null;
  /** When a human last prompted it. */
  prompted_at: string | null;
  /** When our hooks last showed it a message, and when one of our doorbells last made it begin a turn. */
  hooked_at: string | null;
  woken_at: string | null;
  stored_status: "active" | "idle" | "terminated";
  ended_at: string | null;
  end_reason: string | null;
}

/** What a session holds and has waiting. */
export interface Holdings {
  claimed_tasks: { task_id: string; claim_type: string }[];
  /** Locked paths. */
  file_locks: string[];
  unread_count: number;
}

/** A session as every verb reports it. */
export interface Session extends SessionIdentity, Holdings {
  status: SessionStatus;
  /** State of its process as seen from here; null where there is no evidence. */
  process_state: ProcessState | null;
  /** Since its process started; null where that cannot be known. */
  uptime_seconds: number | null;
  /** Claimed tasks joined by ", "; null where there are none. */
  claimed_task: string | null;
  /** How a message gets to its model now. */
  reachability: Reachability;
}

/** Count of unread messages, and how many of them came on each channel. */
export interface Unread {
  total: number;
  by_channel: Record<string, number>;
}

/** The data of `register`. */
export interface RegisterResult {
  session: Session;
  /** False where the session was registered already and its row was updated. */
  created: boolean;
  liveness: "pid" | "heartbeat";
  conflicts: Conflict[];
  unread: Unread;
  /** With `--verbose` all facts about it. */
  database: { path: string } & Partial<DatabaseFacts>;
  /** How it was found out, for `--verbose`. */
  detected: {
    vendor_source: string;
    project_source: ProjectSource;
    /** Lifecycle event that was broadcast; null where the row was only updated. */
    event: "started" | "resumed" | null;
    /** Other sessions the conflict detection looked at. */
    other_sessions: number;
    /** Beats every this many seconds; null where none were promised. */
    heartbeat_seconds: number | null;
  };
}

export interface Released {
  locks: number;
  claims: number;
}

/** The data of `unregister`. */
export interface UnregisterResult {
  session: Session;
  released: Released;
}

/** The data of `run`. */
export interface RunResult {
  /** As it was registered. */
  session: Session;
  /** The program's own; 128 + n where a signal n ended it. */
  exit_code: number;
}

/** The data of `task`. */
export interface TaskResult {
  session: Session;
  conflicts: Conflict[];
}
