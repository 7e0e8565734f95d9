/** Messages: row, sending, sent. */
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Message } from "../../bus/message";
import type { MessageDraft, PublishDraft, SentMessages } from "../../bus/store";
import {
  allOthers,
  directedRow,
  fromRow,
  messageColumns,
  type MessageRow,
  type NewMessage,
  noOriginal,
  publishedRow,
  totalsOf,
  writtenRow,
} from "../rows/message";
import { refuseFullMailbox } from "./bounds";
import { type WakeColumns, wakeColumns, wakeFrom } from "../rows/wake";
import type { Connection } from "./connection";
import { guardLoop } from "./loop";
import { liveSessions, tend } from "./session";

/** Writes one message and, where it is directed, its place in the recipient's mailbox. Returns its id. */
export const insertMessage = (c: Connection, message: NewMessage): number =>
  writeMessage(c, message).id;

function writeMessage(c: Connection, message: NewMessage): MessageRow {
  const row = c.get<MessageRow>(
    `insert into session_messages(sender_id, channel, payload, created_at, ttl_seconds, sender_session_uuid,
        recipient_id, message_type, priority, status, project_id, task_id, activity, reply_to, expires_at, delivered_at)
      values ($sender_id, $channel, $payload, $created_at, $ttl_seconds, $sender_session_uuid,
        $recipient_id, $message_type, $priority, $status, $project_id, $task_id, $activity, $reply_to, $expires_at,
        $delivered_at)
      returning *`,
    { ...writtenRow(c.settings, message) },
  )!;
  if (message.recipient_id !== null) {
    c.run("insert into deliveries(message_id, session_id) values ($id, $session_id)", {
      id: row.id,
      session_id: message.recipient_id,
    });
  }
  return row;
}

export function sendMessages(c: Connection, draft: MessageDraft, liveness: Liveness): Message[] {
  const { recipients, sender_id, reply_to } = draft;
  if (reply_to !== null) markReplied(c, reply_to, sender_id, liveness.now);
  tend(c, sender_id, liveness);
  const ids =
    "ids" in recipients
      ? recipients.ids
      : allOthers(liveSessions(c, liveness), recipients.project_id, sender_id);
  const written = ids.map((recipient_id) => {
    refuseFullMailbox(c, recipient_id);
    return fromRow(writeMessage(c, directedRow(draft, recipient_id, liveness.now)));
  });
  for (const recipient_id of ids) guardLoop(c, sender_id, recipient_id, liveness.now);
  return written;
}

/** A reply is proof that its original was read. */
function markReplied(c: Connection, id: number, replier: string, at: number): void {
  if (c.get("select 1 from session_messages where id = $id", { id }) === null) throw noOriginal(id);
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
  const messages = c
    .all<MessageRow & WakeColumns>(
      `select ${messageColumns}, ${wakeColumns} from session_messages m
        left join deliveries d on d.message_id = m.id and d.session_id = m.recipient_id
        where m.sender_id = $sender_id and m.recipient_id is not null order by m.id desc limit $limit`,
      { sender_id, limit },
    )
    .map((row) => ({ ...fromRow(row), wake: wakeFrom(row) }));
  const counts = c.all<{ status: string; count: number }>(
    `select status, count(*) as count from session_messages
      where sender_id = $sender_id and recipient_id is not null and expires_at > $now group by status`,
    { sender_id, now: timestamp(at) },
  );
  return { messages, totals: totalsOf(counts) };
}

export function publishMessage(c: Connection, draft: PublishDraft, liveness: Liveness): Message {
  tend(c, draft.sender_id, liveness);
  return fromRow(writeMessage(c, publishedRow(draft, liveness.now)));
}
