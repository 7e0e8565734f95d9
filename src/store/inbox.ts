/** A mailbox: what is unread in it, and marking that. */
import { timestamp } from "../bus/clock";
import { ParleyError } from "../bus/errors";
import type { Liveness } from "../bus/liveness";
import type { Message, InboxResult, InboxRequest } from "../bus/message";
import type { Unread } from "../bus/session";
import type { Statements } from "./database";
import { touchAndSweep } from "./liveness";
import { messageColumns, messageFrom, type MessageRow } from "./message";

/** A message in a mailbox. */
export interface MailRow extends MessageRow {
  shown_at: string | null;
  /** Missing where only unread mail is asked for. */
  opened_at?: string | null;
}

/** The state of a message in a mailbox is what its delivery there says: an alert's own state is the operator's. */
export const mailFrom = ({ shown_at, opened_at = null, ...row }: MailRow): Message => ({
  ...messageFrom(row),
  status: opened_at !== null ? "read" : shown_at !== null ? "delivered" : "pending",
  delivered_at: shown_at,
  read_at: opened_at,
});

/** Until when a message stays reserved for the process that is about to show it: milliseconds. */
const reservedUntil = (at: number): string => timestamp(at + 5000);

/** Unread, unexpired mail of one mailbox, by the index of unread deliveries. */
const mail = `from parley.deliveries d join parley.session_messages m on m.id = d.message_id
  where d.session_id = $mailbox and d.read_at is null and m.expires_at > $now
    and ($channel::text is null or m.channel = $channel)`;
/** What has neither been shown nor announced to the session yet. Of the alerts that it raised it was told as it raised them. */
const fresh = `and d.delivered_at is null and d.announced_at is null and m.priority >= $least
    and m.sender_id <> $mailbox`;
/** Not of sessions with which this one is in a loop. */
const unlooped = `and not exists (select 1 from parley.message_loops l where l.closed_at is null
  and l.one = least(m.sender_id collate "C", d.session_id collate "C")
  and l.other = greatest(m.sender_id collate "C", d.session_id collate "C"))`;
const free =
  "and (d.delivered_at is not null or d.reserved_until is null or d.reserved_until <= $now)";

/** What there is to see, reserving nothing. */
export async function lookIntoInbox(
  s: Statements,
  request: InboxRequest,
  liveness: Liveness,
): Promise<InboxResult> {
  const { mailbox, channel, limit, peek, fresh_from } = request;
  const open = `${peek ? "" : free} ${fresh_from === undefined ? "" : fresh} ${request.unlooped ? unlooped : ""}`;
  const bindings = { mailbox, channel, least: fresh_from ?? 0, now: timestamp(liveness.now) };
  const rows = await s.all<MailRow>(
    `select ${messageColumns}, d.delivered_at as shown_at ${mail} ${open}
      order by d.delivered_at is not null, m.priority desc, m.id limit $limit`,
    { ...bindings, limit },
  );
  const total =
    rows.length < limit
      ? rows.length
      : (await s.get<{ count: number }>(`select count(*) as count ${mail} ${open}`, bindings))
          ?.count;
  return { messages: rows.map(mailFrom), remaining: (total ?? 0) - rows.length };
}

/** Reserves what is pending on the page for this reader. */
export async function openInbox(
  s: Statements,
  request: InboxRequest,
  liveness: Liveness,
): Promise<InboxResult> {
  const page = await lookIntoInbox(s, request, liveness);
  const { mailbox } = request;
  const pending = page.messages.filter((message) => message.status === "pending");
  if (!request.again) await touchAndSweep(s, mailbox, liveness);
  if (pending.length > 0) {
    await s.run(
      `update parley.deliveries set reserved_until = $until
        where session_id = $mailbox and message_id = any($ids::bigint[])`,
      {
        mailbox,
        until: reservedUntil(liveness.now),
        ids: pending.map((message) => message.id),
      },
    );
  }
  return page;
}

/** How many pending messages of at least this priority could be shown or announced to the session now. */
export async function waitingMail(
  s: Statements,
  mailbox: string,
  least: number,
  at: number,
  withoutLoops = false,
): Promise<number> {
  const row = await s.get<{ count: number }>(
    `select count(*) as count ${mail} ${free} ${fresh} ${withoutLoops ? unlooped : ""}`,
    { mailbox, least, now: timestamp(at), channel: null },
  );
  return row?.count ?? 0;
}

/** Says that these messages were announced, and gives them back. */
export async function markAnnounced(
  s: Statements,
  mailbox: string,
  ids: readonly number[],
  at: number,
): Promise<void> {
  await s.run(
    `update parley.deliveries set announced_at = coalesce(announced_at, $now), reserved_until = null
      where session_id = $mailbox and message_id = any($ids::bigint[]) and delivered_at is null`,
    { mailbox, ids, now: timestamp(at) },
  );
}

export async function releaseInbox(
  s: Statements,
  mailbox: string,
  ids: readonly number[],
  reservedAt: number,
): Promise<void> {
  await s.run(
    `update parley.deliveries set reserved_until = null
      where session_id = $mailbox and message_id = any($ids::bigint[]) and reserved_until = $until`,
    { mailbox, ids, until: reservedUntil(reservedAt) },
  );
}

export async function markDelivered(
  s: Statements,
  mailbox: string,
  ids: readonly number[],
  how: string,
  at: number,
): Promise<number[]> {
  const now = timestamp(at);
  const rows = await s.all<MessageId>(
    `update parley.deliveries set delivered_at = $now, reserved_until = null, how = $how
      where session_id = $mailbox and message_id = any($ids::bigint[]) and delivered_at is null
      returning message_id`,
    { mailbox, now, how, ids },
  );
  const changed = idsOf(rows);
  await follow(s, changed, "delivered", now);
  if (changed.length > 0 && how.startsWith("hook")) {
    await s.run("update parley.session_registry set hooked_at = $now where session_id = $mailbox", {
      mailbox,
      now,
    });
  }
  return changed;
}

export async function markRead(
  s: Statements,
  mailbox: string,
  ids: readonly number[] | null,
  liveness: Liveness,
): Promise<number[]> {
  const now = timestamp(liveness.now);
  if (ids !== null) {
    const known = await s.all<MessageId>(
      `select message_id from parley.deliveries
        where message_id = any($ids::bigint[]) and session_id = $mailbox`,
      { mailbox, ids },
    );
    requireKnownMessages(mailbox, ids, known);
  }
  await touchAndSweep(s, mailbox, liveness);
  const rows = await s.all<MessageId>(
    `update parley.deliveries set read_at = $now, delivered_at = coalesce(delivered_at, $now), reserved_until = null,
        how = coalesce(how, 'read')
      where session_id = $mailbox and read_at is null
        and ${ids === null ? "true" : "message_id = any($ids::bigint[])"}
      returning message_id`,
    { mailbox, now, ids },
  );
  const changed = idsOf(rows);
  await follow(s, changed, "read", now);
  return changed.toSorted((a, b) => a - b);
}

/** Null in a place in the mailbox that another program made for no message. */
interface MessageId {
  message_id: number | null;
}

const idsOf = (rows: readonly MessageId[]): number[] => rows.flatMap((row) => row.message_id ?? []);

/** Throws `not_found` where some of these ids are not among what is known of the mailbox. */
function requireKnownMessages(
  mailbox: string,
  ids: readonly number[],
  known: readonly MessageId[],
): void {
  const there = new Set(idsOf(known));
  const missing = ids.filter((id) => !there.has(id));
  if (missing.length === 0) return;
  const text = `No message ${missing.join(", ")} in the mailbox of ${mailbox}`;
  throw new ParleyError("not_found", text, {
    hint: "list its messages with parley inbox; nothing was marked",
    details: { message_ids: missing },
  });
}

/** A directed message's own state follows its delivery, one way. */
async function follow(
  s: Statements,
  ids: readonly number[],
  status: "delivered" | "read",
  now: string,
): Promise<void> {
  if (ids.length === 0) return;
  const changes =
    status === "read"
      ? "status = 'read', read_at = $now, delivered_at = coalesce(delivered_at, $now)"
      : "status = 'delivered', delivered_at = $now";
  await s.run(
    `update parley.session_messages set ${changes} where id = any($ids::bigint[])
      and recipient_id is not null and status ${status === "read" ? "<> 'read'" : "= 'pending'"}`,
    { ids, now },
  );
}

export async function unread(s: Statements, mailbox: string, at: number): Promise<Unread> {
  const rows = await s.all<{ channel: string; count: number }>(
    `select m.channel, count(*) as count ${mail} group by m.channel
      order by max(m.priority) desc, m.channel collate "C"`,
    { mailbox, now: timestamp(at), channel: null },
  );
  return {
    total: rows.reduce((sum, row) => sum + row.count, 0),
    by_channel: Object.fromEntries(rows.map((row) => [row.channel, row.count])),
  };
}
