/** The requests and results of the store's operations. */
import type { Alert, Conflict } from "./alert";
import type { Removed } from "./cleanup";
import type { Claim } from "./claim";
import type { Lock } from "./lock";
import type { Message, MessageStatus, SentResult } from "./message";
import type { Holdings, Released, SessionRecord, Unread } from "./session";
import type { Settings } from "./settings";
import type { LifecycleEvent, Stats } from "./status";

export interface CleanedUp {
  removed: Removed;
  /** Sessions that have not ended. */
  live: string[];
  /** Sessions that wait for a lock or claim, where one was freed. */
  touched: string[];
  /** False where the database keeps the freed space until it is rewritten as a whole. */
  shrinks: boolean;
  /** Milliseconds for which no other process could write; null where the database was not rewritten. */
  blocked: number | null;
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
  /** How many other sessions the conflict detection compared. */
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

/** Mailboxes by id, or all live sessions but the sender, of one project where that is given. */
type Recipients = { ids: string[] } | { all: true; project_id: string | null };

export interface MessageDraft {
  sender_id: string;
  /** Null for the operator. */
  sender_session_uuid: string | null;
  recipients: Recipients;
  channel: string;
  payload: Record<string, unknown>;
  message_type: "directed" | "broadcast";
  priority: number;
  project_id: string | null;
  task_id: string | null;
  reply_to: number | null;
}

export interface PublishDraft extends Omit<
  MessageDraft,
  "recipients" | "message_type" | "reply_to"
> {
  message_type: string;
  /** Milliseconds to live; null: as long as its channel says. */
  ttl: number | null;
}

export interface MessageQuery {
  /** Only messages with a greater id. */
  since: number;
  limit: number;
  /** Only these channels; null: all. */
  channels: readonly string[] | null;
  /** Directed ones: `all`, none (null), or only those to this mailbox. */
  directed: { to: string } | "all" | null;
  /** The reader calls again at each change signal, so it may be given only the messages that the last signal was about. */
  following?: boolean;
}

export interface MessageState {
  id: number;
  status: MessageStatus;
  /** Id of the first reply; null where there is none. */
  reply: number | null;
}

export type SentMessages = SentResult;

export interface InboxRequest {
  mailbox: string;
  channel: string | null;
  limit: number;
  /** Reserves nothing. */
  peek: boolean;
  /** A repeated call, which refreshes no heartbeat: nothing is written where there is nothing to reserve. */
  again?: boolean;
  /** Only pending messages of others, of at least this priority, that have not been announced. */
  fresh_from?: number;
  /** With `fresh_from`: none from sessions with which it is in a loop. */
  unlooped?: boolean;
}

export interface InboxPage {
  messages: Message[];
  /** Unread messages beyond these. */
  remaining: number;
}

export interface Overview {
  sessions: HeldBy[];
  alerts: Alert[];
  lifecycle: LifecycleEvent[];
  /** `started` and `resumed` events of live sessions on the current UTC day. */
  started_today: number;
  locks: Lock[];
  claims: Claim[];
  stats: Stats;
}

/** Options of an adapter, besides its location. */
export interface StoreOptions {
  settings: Settings;
  /** `create`: a missing database is made. `read`: reading suffices, also from a read-only medium. */
  mode: "create" | "write" | "read";
  /** Time by `performance.now()` after which no operation waits for a busy database any more. */
  giveUpAt?: number;
}
