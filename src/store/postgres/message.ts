/** Messages: sending, alone or together; sent. */
import { isFull, isFullBindings, refuseFullMailbox } from "./bounds";
import { fullMailbox } from "../../bus/limits";
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Message } from "../../bus/message";
import type { MessageDraft, PublishDraft, SentMessages } from "../../bus/store";
import { areTooMany, type Exchange } from "../rows/loop";
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
import { type WakeColumns, wakeColumns, wakeFrom } from "../rows/wake";
import { type Connection, settled } from "./connection";
import { exceedsLimit, exchangeBindings, exchanged, guardLoop } from "./loop";
import { contentOf, messageNotice, noticeFor } from "./notice";
import type { Queries } from "./queries";
import { beat, beatBindings, liveSessions, tend } from "./session";

/** A message, and for an alert the machine on which it holds; empty: on all. */
export type Scoped = NewMessage & { scope?: string };

/** Writes one message and, where it is directed, its place in the recipient's mailbox. Returns its id. */
export const insertMessage = async (c: Queries, message: Scoped): Promise<number> =>
  (await writeMessage(c, message)).id;

/** What is written of a message, in the order of `values`. */
const columns = `sender_id, channel, payload, created_at, ttl_seconds, sender_session_uuid, recipient_id, message_type,
  priority, status, project_id, task_id, activity, scope, reply_to, expires_at, delivered_at, origin`;
const values = `$sender_id, $channel, $payload, $created_at, $ttl_seconds::int, $sender_session_uuid, $recipient_id,
  $message_type, $priority::int, $status, $project_id, $task_id, $activity, $scope, $reply_to::bigint, $expires_at,
  $delivered_at, $origin`;
const delivery = `insert into parley.deliveries(message_id, session_id)
  select id, recipient_id from m where recipient_id is not null`;

const rowOf = (c: Queries, { scope = "", ...message }: Scoped, origin: string | null) => ({
  ...writtenRow(c.settings, message),
  ...{ scope, origin },
});

async function writeMessage(c: Queries, message: Scoped): Promise<MessageRow> {
  const row = await c.get<MessageRow>(
    `with m as (insert into parley.session_messages(${columns}) values (${values}) returning *),
        delivery as (${delivery})
      select ${messageColumns} from m`,
    rowOf(c, message, null),
  );
  return row!;
}

/**
 * Writes one message by itself, and gives notice of it, in one statement: the lock of the writers is held on the server
 * alone, for as long as that takes, and not while a busy client makes up its mind or the disk is waited for. What need not
 * be in the lock follows: the sender's sign of life, the disk, and what the two have exchanged, which of two who write at
 * once one sees whole. The key tells whether an attempt whose answer was lost has been done. Throws `not_permitted` where
 * the mailbox is full.
 */
async function writeAlone(
  connection: Connection,
  message: Scoped,
): Promise<{ message: Message; exceeds: boolean }> {
  const key = `sent:${crypto.randomUUID()}`;
  const { sender_id, recipient_id, at } = message;
  return connection.look(async (c) => {
    const fresh = rowOf(c, message, key);
    const messageOf = (id: number): Message => fromRow({ ...fresh, id, read_at: null });
    const counted = exchangeBindings(c, sender_id, recipient_id, at);
    const [row, exchange] = await Promise.all([
      c.get<{ id: number }>(
        `with turn as materialized (${connection.turn}),
          m as (
            insert into parley.session_messages(${columns}) select ${values} from turn
              where not exists (${isFull("$recipient_id")})
              on conflict (origin) where origin is not null do nothing returning id, recipient_id),
          delivery as (${delivery})
        select m.id, pg_notify($hearing, ${messageNotice}) from m`,
        {
          ...fresh,
          ...isFullBindings(c),
          hearing: connection.channel,
          content: contentOf(messageOf(0)),
          audience: noticeFor(recipient_id === null ? "everyone" : [recipient_id]),
        },
      ),
      c.get<Exchange>(`with beat as (${beat}) ${settled} ${counted ? `, ${exchanged}` : ""}`, {
        ...beatBindings(sender_id, at),
        ...counted,
      }),
    ]);
    const written =
      row ??
      (await c.get<{ id: number }>("select id from parley.session_messages where origin = $key", {
        key,
      }));
    if (!written) throw fullMailbox(recipient_id ?? "", c.settings.mostUnread);
    return { message: messageOf(written.id), exceeds: areTooMany(c.settings, counted && exchange) };
  });
}

/** The one mailbox that a message is meant for which answers nothing, so that it can be written by itself; else null. */
export function onlyRecipient({ recipients, reply_to }: MessageDraft): string | null {
  if (reply_to !== null || !("ids" in recipients) || recipients.ids.length > 1) return null;
  return recipients.ids[0] ?? null;
}

export async function sendAlone(
  connection: Connection,
  recipient_id: string,
  draft: MessageDraft,
  liveness: Liveness,
): Promise<Message[]> {
  const wanted = directedRow(draft, recipient_id, liveness.now);
  const { message, exceeds } = await writeAlone(connection, wanted);
  if (exceeds) {
    await connection.write((c) => guardLoop(c, draft.sender_id, recipient_id, liveness.now));
  }
  return [message];
}

export async function publishMessage(
  connection: Connection,
  draft: PublishDraft,
  liveness: Liveness,
): Promise<Message> {
  const { message } = await writeAlone(connection, publishedRow(draft, liveness.now));
  return message;
}

export async function sendMessages(
  c: Queries,
  hearing: string | null,
  draft: MessageDraft,
  liveness: Liveness,
): Promise<Message[]> {
  const { recipients, sender_id, reply_to } = draft;
  if (reply_to !== null) await markReplied(c, reply_to, sender_id, liveness.now);
  await tend(c, sender_id, liveness);
  const ids =
    "ids" in recipients
      ? recipients.ids
      : allOthers(await liveSessions(c, liveness), recipients.project_id, sender_id);
  for (const id of ids) await refuseFullMailbox(c, id);
  const rows = await Promise.all(
    ids.map((recipient_id) => writeMessage(c, directedRow(draft, recipient_id, liveness.now))),
  );
  for (const recipient_id of ids) {
    if (await exceedsLimit(c, sender_id, recipient_id, liveness.now)) {
      await guardLoop(c, sender_id, recipient_id, liveness.now);
    }
  }
  if (ids.length > 0) {
    await c.get("select pg_notify($hearing, $audience)", { hearing, audience: noticeFor(ids) });
  }
  return rows.map(fromRow);
}

/** A reply is proof that its original was read. */
async function markReplied(c: Queries, id: number, replier: string, at: number): Promise<void> {
  const original = await c.get("select 1 from parley.session_messages where id = $id", { id });
  if (!original) throw noOriginal(id);
  const now = timestamp(at);
  const own = await c.run(
    `update parley.deliveries
      set read_at = $now, delivered_at = coalesce(delivered_at, $now), how = coalesce(how, 'reply')
      where message_id = $id and session_id = $replier and read_at is null`,
    { id, replier, now },
  );
  if (own === 0) return;
  await c.run(
    `update parley.session_messages
      set status = 'read', read_at = $now, delivered_at = coalesce(delivered_at, $now)
      where id = $id and recipient_id is not null and status <> 'read'`,
    { id, now },
  );
}

export async function sentMessages(
  c: Queries,
  sender_id: string,
  limit: number,
  at: number,
): Promise<SentMessages> {
  const messages = await c.all<MessageRow & WakeColumns>(
    `select ${messageColumns}, ${wakeColumns} from parley.session_messages m
      left join parley.deliveries d on d.message_id = m.id and d.session_id = m.recipient_id
      where m.sender_id = $sender_id and m.recipient_id is not null order by m.id desc limit $limit`,
    { sender_id, limit },
  );
  const counts = await c.all<{ status: string; count: number }>(
    `select status, count(*) as count from parley.session_messages
      where sender_id = $sender_id and recipient_id is not null and expires_at > $now group by status`,
    { sender_id, now: timestamp(at) },
  );
  return {
    messages: messages.map((row) => ({ ...fromRow(row), wake: wakeFrom(row) })),
    totals: totalsOf(counts),
  };
}
