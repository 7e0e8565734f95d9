/** Rows of messages, and writing one. */
import { timestamp } from "../bus/clock";
import type { Message } from "../bus/message";
import { asObject } from "../bus/input";
import { channelLife, type Settings } from "../bus/settings";
import type { Statements } from "./database";

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

export const messageFrom = (row: MessageRow): Message => ({
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

/** A message that has no id yet. */
export interface NewMessage extends Omit<
  Message,
  "id" | "created_at" | "ttl_seconds" | "expires_at" | "delivered_at" | "read_at"
> {
  at: number;
  /** Milliseconds to live; without it as long as the settings say. */
  ttl?: number | null;
  /** The machine on which an alert holds; without it the alert holds on all. */
  scope?: string;
}

/** Milliseconds that a message lives: by its channel where it is to no mailbox. */
const life = (settings: Settings, message: NewMessage): number =>
  message.ttl ??
  (message.recipient_id === null ? channelLife(settings, message.channel) : settings.directed);

/** A row as it is written: its id comes from the database. */
type WrittenRow = Omit<MessageRow, "id" | "read_at"> & { scope: string };

export function writtenRow(settings: Settings, message: NewMessage): WrittenRow {
  const milliseconds = life(settings, message);
  const { payload, at, ttl: _, scope = "", ...columns } = message;
  return {
    ...columns,
    payload: JSON.stringify(payload),
    created_at: timestamp(at),
    ttl_seconds: Math.round(milliseconds / 1000),
    scope,
    expires_at: timestamp(at + milliseconds),
    delivered_at: message.status === "delivered" ? timestamp(at) : null,
  };
}

/** What is written of a message, in the order of `writtenValues`. */
export const writtenColumns = `sender_id, channel, payload, created_at, ttl_seconds, sender_session_uuid, recipient_id,
  message_type, priority, status, project_id, task_id, activity, reply_to, expires_at, delivered_at`;
export const writtenValues = `$sender_id, $channel, $payload, $created_at, $ttl_seconds::int, $sender_session_uuid,
  $recipient_id, $message_type, $priority::int, $status, $project_id, $task_id, $activity, $reply_to::bigint,
  $expires_at, $delivered_at`;

/** Writes one message and, where it is directed, its place in the recipient's mailbox. */
export async function writeMessage(s: Statements, message: NewMessage): Promise<MessageRow> {
  const [columns, values] = s.dialect.perMachine ? [", scope", ", $scope"] : ["", ""];
  const [row] = await Promise.all([
    s.get<MessageRow>(
      `insert into parley.session_messages(${writtenColumns}${columns}) values (${writtenValues}${values})
        returning *`,
      writtenRow(s.settings, message),
    ),
    message.recipient_id !== null &&
      s.run("insert into parley.deliveries(message_id, session_id) values (lastval(), $mailbox)", {
        mailbox: message.recipient_id,
      }),
  ]);
  return row!;
}
