import { timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Moment } from "../../bus/liveness";
import type { Message, MessageStatus } from "../../bus/message";
import { channelLife, type Settings } from "../../bus/settings";
import type { MessageDraft, PublishDraft, SentMessages } from "../../bus/store";
import { refuseFullMailbox } from "./bounds";
import type { Connection } from "./connection";
import { liveSessions, tend } from "./session";

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
const life = (settings: Settings, message: NewMessage): number =>
  message.ttl ??
  (message.recipient_id === null ? channelLife(settings, message.channel) : settings.directed);

/** Writes one message and, where it is directed, its place in the recipient's mailbox. Returns its id. */
export const insertMessage = (c: Connection, message: NewMessage): number =>
  writeMessage(c, message).id;

function writeMessage(c: Connection, message: NewMessage): MessageRow {
  const milliseconds = life(c.settings, message);
  const { payload, at, ttl: _, ...columns } = message;
  const row = c.get<MessageRow>(
    `insert into session_messages(sender_id, channel, payload, created_at, ttl_seconds, sender_session_uuid,
        recipient_id, message_type, priority, status, project_id, task_id, activity, reply_to, expires_at, delivered_at)
      values ($sender_id, $channel, $payload, $created_at, $ttl_seconds, $sender_session_uuid,
        $recipient_id, $message_type, $priority, $status, $project_id, $task_id, $activity, $reply_to, $expires_at,
        $delivered_at)
      returning *`,
    {
      ...columns,
      payload: JSON.stringify(payload),
      created_at: timestamp(at),
      ttl_seconds: Math.round(milliseconds / 1000),
      expires_at: timestamp(at + milliseconds),
      delivered_at: message.status === "delivered" ? timestamp(at) : null,
    },
  )!;
  if (message.recipient_id !== null) {
    c.run("insert into deliveries(message_id, session_id) values ($id, $session_id)", {
      id: row.id,
      session_id: message.recipient_id,
    });
  }
  return row;
}

export function sendMessages(c: Connection, draft: MessageDraft, moment: Moment): Message[] {
  const { recipients, ...message } = draft;
  if (draft.reply_to !== null) markReplied(c, draft.reply_to, draft.sender_id, moment.at);
  tend(c, draft.sender_id, moment);
  const ids =
    "ids" in recipients
      ? recipients.ids
      : liveSessions(c, moment)
          .filter(
            (record) =>
              recipients.project_id === null || record.project_id === recipients.project_id,
          )
          .map((record) => record.session_id)
          .filter((id) => id !== draft.sender_id);
  return ids.map((recipient_id) => {
    refuseFullMailbox(c, recipient_id);
    const at = { activity: null, at: moment.at };
    return fromRow(writeMessage(c, { ...message, recipient_id, status: "pending", ...at }));
  });
}

const messageRow = (c: Connection, id: number): MessageRow | null =>
  c.get<MessageRow>(`select ${messageColumns} from session_messages m where id = $id`, { id });

/** A reply is proof that its original was read. */
function markReplied(c: Connection, id: number, replier: string, at: number): void {
  if (!messageRow(c, id)) {
    throw new ParleyError("not_found", `There is no message ${id} to reply to`, {
      hint: "list the messages of this session with parley inbox",
      details: { message_id: id },
    });
  }
  const now = timestamp(at);
  const own = c.run(
    `update deliveries set read_at = $now, delivered_at = coalesce(delivered_at, $now), how = coalesce(how, 'reply')
      where message_id = $id and session_id = $replier and read_at is null`,
    { id, replier, now },
  );
  if (own === 0) return;
  c.run(
    `update session_messages set status = 'read', read_at = $now, delivered_at = coalesce(delivered_at, $now)
      where id = $id and recipient_id is not null and status <> 'read'`,
    { id, now },
  );
}

export function sentMessages(
  c: Connection,
  sender_id: string,
  limit: number,
  at: number,
): SentMessages {
  const now = timestamp(at);
  const messages = c
    .all<MessageRow>(
      `select ${messageColumns} from session_messages m
        where sender_id = $sender_id and recipient_id is not null order by id desc limit $limit`,
      { sender_id, limit },
    )
    .map(fromRow);
  const totals = { pending: 0, delivered: 0, read: 0 };
  for (const row of c.all<{ status: string; count: number }>(
    `select status, count(*) as count from session_messages
      where sender_id = $sender_id and recipient_id is not null and expires_at > $now group by status`,
    { sender_id, now },
  )) {
    if (Object.hasOwn(totals, row.status)) totals[row.status as MessageStatus] = row.count;
  }
  return { messages, totals };
}

export function publishMessage(c: Connection, draft: PublishDraft, moment: Moment): Message {
  tend(c, draft.sender_id, moment);
  const fixed = {
    recipient_id: null,
    status: "delivered",
    activity: null,
    reply_to: null,
  } as const;
  return fromRow(writeMessage(c, { ...draft, ...fixed, at: moment.at }));
}
