/** Sending messages, replying, publishing, and what a session has sent. */
import { timestamp } from "../bus/clock";
import { ParleyError } from "../bus/errors";
import type { Liveness } from "../bus/liveness";
import type {
  Message,
  MessageStatus,
  MessageDraft,
  PublishDraft,
  SentResult,
} from "../bus/message";
import type { Database, Statements } from "./database";
import { type WakeColumns, wakeColumns, wakeFrom } from "./agent-wake";
import { refuseFullMailbox } from "./limits";
import { liveSessions, touchAndSweep } from "./liveness";
import {
  messageColumns,
  messageFrom,
  type MessageRow,
  type NewMessage,
  writeMessage,
} from "./message";
import { exceedsLimit, guardLoop } from "./message-loop";

/** One of the messages that a draft becomes. */
const directedRow = (
  { recipients: _recipients, ...draft }: MessageDraft,
  recipient_id: string,
  at: number,
): NewMessage => ({ ...draft, recipient_id, status: "pending", activity: null, at });

const publishedRow = (draft: PublishDraft, at: number): NewMessage => ({
  ...draft,
  ...{ recipient_id: null, status: "delivered", activity: null, reply_to: null, at },
});

export async function sendMessages(
  s: Statements,
  draft: MessageDraft,
  liveness: Liveness,
): Promise<Message[]> {
  const { sender_id, reply_to } = draft;
  if (reply_to !== null) await markReplied(s, reply_to, sender_id, liveness.now);
  await touchAndSweep(s, sender_id, liveness);
  const ids = await recipientIds(s, draft, liveness);
  await Promise.all(ids.map((id) => refuseFullMailbox(s, id)));
  const rows = await Promise.all(
    ids.map((id) => writeMessage(s, directedRow(draft, id, liveness.now))),
  );
  for (const id of ids) {
    if (await exceedsLimit(s, sender_id, id, liveness.now)) {
      await guardLoop(s, sender_id, id, liveness.now);
    }
  }
  if (ids.length > 0) await s.announce(ids);
  return rows.map(messageFrom);
}

/** The mailboxes that a draft names, else all other live sessions, or those of a project. */
async function recipientIds(
  s: Statements,
  { recipients, sender_id }: MessageDraft,
  liveness: Liveness,
): Promise<string[]> {
  if ("ids" in recipients) return recipients.ids;
  const { project_id } = recipients;
  return (await liveSessions(s, liveness))
    .filter((record) => project_id === null || record.project_id === project_id)
    .map((record) => record.session_id)
    .filter((id) => id !== sender_id);
}

/** A reply is proof that its original was read. */
async function markReplied(s: Statements, id: number, replier: string, at: number): Promise<void> {
  const original = await s.get("select 1 from parley.session_messages where id = $id", { id });
  if (!original) {
    throw new ParleyError("not_found", `There is no message ${id} to reply to`, {
      hint: "list the messages of this session with parley inbox",
      details: { message_id: id },
    });
  }
  const now = timestamp(at);
  const own = await s.run(
    `update parley.deliveries
      set read_at = $now, delivered_at = coalesce(delivered_at, $now), how = coalesce(how, 'reply')
      where message_id = $id and session_id = $replier and read_at is null`,
    { id, replier, now },
  );
  if (own === 0) return;
  await s.run(
    `update parley.session_messages
      set status = 'read', read_at = $now, delivered_at = coalesce(delivered_at, $now)
      where id = $id and recipient_id is not null and status <> 'read'`,
    { id, now },
  );
}

export async function publishMessage(
  s: Statements,
  draft: PublishDraft,
  liveness: Liveness,
): Promise<Message> {
  await touchAndSweep(s, draft.sender_id, liveness);
  const row = await writeMessage(s, publishedRow(draft, liveness.now));
  await s.announce("everyone");
  return messageFrom(row);
}

type SendOne = NonNullable<Database["sendOne"]>;

/** The one mailbox that a message is meant for which answers nothing, so that it can be written by itself; else null. */
export function onlyRecipient({ recipients, reply_to }: MessageDraft): string | null {
  if (reply_to !== null || !("ids" in recipients) || recipients.ids.length > 1) return null;
  return recipients.ids[0] ?? null;
}

/** Sends to one mailbox in one statement. */
export async function sendToOne(
  db: Database,
  sendOne: SendOne,
  recipient_id: string,
  draft: MessageDraft,
  { now: at }: Liveness,
): Promise<Message[]> {
  const { message, exceeds } = await sendOne(directedRow(draft, recipient_id, at));
  if (exceeds) await db.write((s) => guardLoop(s, draft.sender_id, recipient_id, at));
  return [message];
}

/** Publishes in one statement. */
export const publishOne = async (
  sendOne: SendOne,
  draft: PublishDraft,
  { now: at }: Liveness,
): Promise<Message> => (await sendOne(publishedRow(draft, at))).message;

export async function sentMessages(
  s: Statements,
  sender_id: string,
  limit: number,
  at: number,
): Promise<SentResult> {
  const [messages, counts] = await Promise.all([
    s.all<MessageRow & WakeColumns>(
      `select ${messageColumns}, ${wakeColumns} from parley.session_messages m
        left join parley.deliveries d on d.message_id = m.id and d.session_id = m.recipient_id
        where m.sender_id = $sender_id and m.recipient_id is not null order by m.id desc limit $limit`,
      { sender_id, limit },
    ),
    s.all<{ status: string; count: number }>(
      `select status, count(*) as count from parley.session_messages
        where sender_id = $sender_id and recipient_id is not null and expires_at > $now group by status`,
      { sender_id, now: timestamp(at) },
    ),
  ]);
  return {
    messages: messages.map((row) => ({ ...messageFrom(row), wake: wakeFrom(row) })),
    totals: countByStatus(counts),
  };
}

/** How many messages are in each state, by rows of counts; other programs may have left any word there. */
function countByStatus(
  rows: readonly { status: string; count: number }[],
): Record<MessageStatus, number> {
  const totals = { pending: 0, delivered: 0, read: 0 };
  for (const { status, count } of rows) {
    if (Object.hasOwn(totals, status)) totals[status as MessageStatus] = count;
  }
  return totals;
}
