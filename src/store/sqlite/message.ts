import { timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Moment } from "../../bus/liveness";
import type { Message, MessageStatus } from "../../bus/message";
import type { MessageDraft, PublishDraft, SentMessages } from "../../bus/store";
import { fromRow, life, messageColumns, type MessageRow, type NewMessage } from "../rows/message";
import { refuseFullMailbox } from "./bounds";
import { type WakeColumns, wakeColumns, wakeFrom } from "../rows/wake";
import type { Connection } from "./connection";
import { guardLoop } from "./loop";
import { liveSessions, tend } from "./session";

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
  const at = { activity: null, at: moment.at };
  const written = ids.map((recipient_id) => {
    refuseFullMailbox(c, recipient_id);
    return fromRow(writeMessage(c, { ...message, recipient_id, status: "pending", ...at }));
  });
  for (const recipient_id of ids) guardLoop(c, draft.sender_id, recipient_id, moment.at);
  return written;
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
    .all<MessageRow & WakeColumns>(
      `select ${messageColumns}, ${wakeColumns} from session_messages m
        left join deliveries d on d.message_id = m.id and d.session_id = m.recipient_id
        where m.sender_id = $sender_id and m.recipient_id is not null order by m.id desc limit $limit`,
      { sender_id, limit },
    )
    .map((row) => ({ ...fromRow(row), wake: wakeFrom(row) }));
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
