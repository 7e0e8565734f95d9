import type { Message, MessageStatus } from "../../bus/message";
import { channelLife, type Settings } from "../../bus/settings";

/** A row of `session_messages`. Programs other than ours may have left any of the optional columns empty. */
export interface MessageRow {
  id: number;
  sender_id: string;
  channel: string;
  payload: string;
  created_at: string;
  ttl_seconds: number | null;
  sender_session_uuid: string | null;
  recipient_id: string | null;
  message_type: string | null;
  priority: number | null;
  status: string | null;
  project_id: string | null;
  task_id: string | null;
  activity: string | null;
  reply_to: number | null;
  expires_at: string | null;
  delivered_at: string | null;
  read_at: string | null;
}

export const fromRow = (row: MessageRow): Message => ({
  id: row.id,
  sender_id: row.sender_id,
  channel: row.channel,
  payload: parsedPayload(row.payload),
  created_at: row.created_at,
  ttl_seconds: row.ttl_seconds ?? 300,
  sender_session_uuid: row.sender_session_uuid,
  recipient_id: row.recipient_id,
  message_type: row.message_type ?? "published",
  priority: row.priority ?? 1,
  status: row.status === "read" || row.status === "delivered" ? row.status : "pending",
  project_id: row.project_id,
  task_id: row.task_id,
  activity: row.activity,
  reply_to: row.reply_to,
  expires_at: row.expires_at ?? row.created_at,
  delivered_at: row.delivered_at,
  read_at: row.read_at,
});

/** An object is itself, text that is not JSON is `{"raw": text}`, anything else `{}` (R54). Never throws. */
export function parsedPayload(text: unknown): Record<string, unknown> {
  if (typeof text !== "string") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return { raw: text };
  }
}

/** The columns of a message, by their names, for statements that join other tables. */
export const messageColumns = `m.id, m.sender_id, m.channel, m.payload, m.created_at, m.ttl_seconds,
  m.sender_session_uuid, m.recipient_id, m.message_type, m.priority, m.status, m.project_id, m.task_id, m.activity,
  m.reply_to, m.expires_at, m.delivered_at, m.read_at`;

export interface NewMessage {
  sender_id: string;
  sender_session_uuid: string | null;
  recipient_id: string | null;
  channel: string;
  message_type: string;
  payload: Record<string, unknown>;
  priority: number;
  status: MessageStatus;
  project_id: string | null;
  task_id: string | null;
  activity: string | null;
  reply_to: number | null;
  at: number;
  /** Milliseconds to live; without it as long as the settings say. */
  ttl?: number | null;
}

/** Milliseconds that a message lives: by its channel where nobody in particular is meant. */
export const life = (settings: Settings, message: NewMessage): number =>
  message.ttl ??
  (message.recipient_id === null ? channelLife(settings, message.channel) : settings.directed);
