/** Messages: the row, channels, limits, and the results of the verbs for messages. */
import type { WakeEvidence } from "./agent-wake";
import type { DeliveryForecast } from "./wake-recipient";

export type MessageStatus = "pending" | "delivered" | "read";

/** A row of `session_messages`: the 18 fields of the seeds, `payload` already parsed. */
export interface Message {
  id: number;
  sender_id: string;
  channel: string;
  payload: Record<string, unknown>;
  created_at: string;
  ttl_seconds: number;
  sender_session_uuid: string | null;
  /** Null: undirected (published). */
  recipient_id: string | null;
  /** `directed`, `broadcast`, `published`, a lifecycle event, or a conflict type. */
  message_type: string;
  /** 0 routine, 1 normal, 2 high, 3 critical. */
  priority: number;
  status: MessageStatus;
  project_id: string | null;
  task_id: string | null;
  /** Free text; for an alert its resource. */
  activity: string | null;
  reply_to: number | null;
  expires_at: string;
  delivered_at: string | null;
  read_at: string | null;
}

export const priorityLabels = ["routine", "normal", "high", "critical"] as const;

/** Largest text or payload of one message, in bytes of UTF-8. */
export const maxMessageBytes = 64 * 1024;

/** Channels that `message` accepts. */
export const directedChannels = ["coordination", "task_broadcast", "state"] as const;

export const channelForm = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** Channels that only parley itself writes. */
export const reservedChannels = ["operator_alert", "session_lifecycle", "file_lock"] as const;

/** The mailbox of the human at the machine. */
export const operatorId = "operator";

export interface Correspondent {
  session_id: string;
  name: string | null;
  llm_vendor: string;
  llm_model: string | null;
  project_id: string | null;
}

/** The data of `message`. */
export interface SendResult {
  /** One for a target; with `--all` one for each recipient. */
  messages: Message[];
  recipients: number;
  /** The target is not active: the message waits until it registers. */
  queued: boolean;
  /** The recipients that are active sessions, in the order of `messages`. */
  recipient_sessions: Correspondent[];
  /** With `--wait reply`: the first reply to each message, which is shown by this. */
  replies?: Message[];
  /** With `queued`: the sessions that could be reached now. */
  active_sessions: Correspondent[];
  /** When each recipient can be expected to see it, in the order of `messages`. */
  outlooks: DeliveryForecast[];
}

/** A sent message, with the attempt to wake its recipient; null where there was none. */
export interface SentMessage extends Message {
  wake: WakeEvidence | null;
}

/** The data of `message --sent`. Totals are of all unexpired sent messages, `messages` are the newest ten. */
export interface SentResult {
  messages: SentMessage[];
  totals: { pending: number; delivered: number; read: number };
}

/** The data of `inbox`. A message's status is the one before this showing. */
export interface InboxResult {
  messages: Message[];
  /** Unread messages beyond the ones listed. */
  remaining: number;
}

export interface PublishResult {
  message: Message;
}

/** Messages of all sessions, in the order of their ids. */
export interface FeedResult {
  messages: Message[];
  /** Later messages have a greater id. */
  cursor: number;
}

export interface ReadResult {
  read: number[];
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
