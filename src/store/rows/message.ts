/** A row of a message, read and written, and its shape. */
import { timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Message, MessageStatus } from "../../bus/message";
import { asObject } from "../../bus/json";
import type { SessionRecord } from "../../bus/session";
import { channelLife, type Settings } from "../../bus/settings";
import type { MessageDraft, PublishDraft } from "../../bus/store";

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
    return asObject(JSON.parse(text)) ?? {};
  } catch {
    return { raw: text };
  }
}

/** The columns of a message, by their names, for statements that join other tables. */
export const messageColumns = `m.id, m.sender_id, m.channel, m.payload, m.created_at, m.ttl_seconds,
  m.sender_session_uuid, m.recipient_id, m.message_type, m.priority, m.status, m.project_id, m.task_id, m.activity,
  m.reply_to, m.expires_at, m.delivered_at, m.read_at`;

export interface NewMessage extends Omit<
  Message,
  "id" | "created_at" | "ttl_seconds" | "expires_at" | "delivered_at" | "read_at"
> {
  at: number;
  /** Milliseconds to live; without it as long as the settings say. */
  ttl?: number | null;
}

/** Milliseconds that a message lives: by its channel where nobody in particular is meant. */
const life = (settings: Settings, message: NewMessage): number =>
  message.ttl ??
  (message.recipient_id === null ? channelLife(settings, message.channel) : settings.directed);

/** A row as it is written: its id comes from the database. */
export type WrittenRow = Omit<MessageRow, "id" | "read_at">;

export function writtenRow(settings: Settings, message: NewMessage): WrittenRow {
  const milliseconds = life(settings, message);
  const { payload, at, ttl: _, ...columns } = message;
  return {
    ...columns,
    payload: JSON.stringify(payload),
    created_at: timestamp(at),
    ttl_seconds: Math.round(milliseconds / 1000),
    expires_at: timestamp(at + milliseconds),
    delivered_at: message.status === "delivered" ? timestamp(at) : null,
  };
}

/** One of the messages that a draft becomes. */
export const directedRow = (
  { recipients: _recipients, ...draft }: MessageDraft,
  recipient_id: string,
  at: number,
): NewMessage => ({ ...draft, recipient_id, status: "pending", activity: null, at });

export const publishedRow = (draft: PublishDraft, at: number): NewMessage => ({
  ...draft,
  ...{ recipient_id: null, status: "delivered", activity: null, reply_to: null, at },
});

/** Whom a draft is for, where it names nobody: all others, or those of a project. */
export const allOthers = (
  live: readonly SessionRecord[],
  project_id: string | null,
  sender_id: string,
): string[] =>
  live
    .filter((record) => project_id === null || record.project_id === project_id)
    .map((record) => record.session_id)
    .filter((id) => id !== sender_id);

export const noOriginal = (id: number): ParleyError =>
  new ParleyError("not_found", `There is no message ${id} to reply to`, {
    hint: "list the messages of this session with parley inbox",
    details: { message_id: id },
  });

/** How many messages are in each state, by rows of counts; other programs may have left any word there. */
export function totalsOf(
  rows: readonly { status: string; count: number }[],
): Record<MessageStatus, number> {
  const totals = { pending: 0, delivered: 0, read: 0 };
  for (const { status, count } of rows) {
    if (Object.hasOwn(totals, status)) totals[status as MessageStatus] = count;
  }
  return totals;
}
