/** The dashboard's shapes. */
import type { Alert } from "./alert";
import type { Message } from "./message";
import type { Session } from "./session";

/** Numbers of the whole bus. Message counts are of unexpired messages. */
export interface Stats {
  active_sessions: number;
  /** All sessions ever registered and still kept, the active ones among them. */
  total_sessions: number;
  legacy_messages: number;
  v2_messages: number;
  pending: number;
  delivered: number;
  read: number;
  unread_alerts: number;
  file_locks: number;
  task_claims: number;
  database: DatabaseFacts;
}

export interface DatabaseFacts {
  path: string;
  /** Main file, in bytes. */
  size_bytes: number;
  wal_bytes: number;
  /** `wal`, as SQLite says it. */
  journal_mode: string;
  schema_version: number;
}

/** One line of the session lifecycle. */
export interface LifecycleEvent {
  id: number;
  created_at: string;
  event: "started" | "ended" | "resumed";
  session_id: string;
  project_id: string | null;
  cwd: string | null;
  /** Why it ended; null for the other events. */
  reason: string | null;
}

/** The data of `status`. */
export interface Dashboard {
  sessions: Session[];
  /** Id of the calling session; null where it is not registered. */
  this_session: string | null;
  /** Unread alerts, highest priority first, at most 20. */
  alerts: Alert[];
  /** Unread messages of this session, at most 50. */
  unread: Message[];
  /** Newest first: 10 in the dashboard, 20 in `--lifecycle`. */
  lifecycle: LifecycleEvent[];
  stats: Stats;
  /** The user has turned the hooks of all agents off (`parley off`): nothing is known of what sessions do. */
  hooks_off: boolean;
  /** Unread messages in the human's mailbox, whoever asks. */
  operator_unread: number;
  /** Lines of analysis, in Markdown. */
  observations: string[];
  /** The session log entry that was appended; null with --no-log or where nothing was logged. */
  log: { path: string; entry: string } | null;
}
