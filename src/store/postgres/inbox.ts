/** Mailboxes: reserving, delivered, announced, read, unread. */
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Unread } from "../../bus/session";
import type { InboxPage, InboxRequest } from "../../bus/store";
import { mailFrom, type MailRow, refuseStrange, reservedUntil, unreadFrom } from "../rows/inbox";
import { messageColumns } from "../rows/message";
import type { Queries } from "./queries";
import { tend } from "./session";

/** Unread, unexpired mail of one mailbox, by the index of unread deliveries. */
const mail = `from parley.deliveries d join parley.session_messages m on m.id = d.message_id
  where d.session_id = $mailbox and d.read_at is null and m.expires_at > $now
    and ($channel::text is null or m.channel = $channel)`;
/** What nobody has shown or announced to the session yet. It was told of the alerts that it raised as it raised them. */
const fresh = `and d.delivered_at is null and d.announced_at is null and m.priority >= $least
    and m.sender_id <> $mailbox`;
/** Of nobody with whom it is in a loop. */
const unlooped = `and not exists (select 1 from parley.message_loops l where l.closed_at is null
  and l.one = least(m.sender_id collate "C", d.session_id collate "C")
  and l.other = greatest(m.sender_id collate "C", d.session_id collate "C"))`;
const free =
  "and (d.delivered_at is not null or d.reserved_until is null or d.reserved_until <= $now)";

/** What there is to see, reserving nothing. */
export async function lookIntoInbox(
  c: Queries,
  request: InboxRequest,
  liveness: Liveness,
): Promise<InboxPage> {
  const { mailbox, channel, limit, peek, fresh_from } = request;
  const open = `${peek ? "" : free} ${fresh_from === undefined ? "" : fresh} ${request.unlooped ? unlooped : ""}`;
  const bindings = { mailbox, channel, least: fresh_from ?? 0, now: timestamp(liveness.now) };
  const rows = await c.all<MailRow>(
    `select ${messageColumns}, d.delivered_at as shown_at ${mail} ${open}
      order by d.delivered_at is not null, m.priority desc, m.id limit $limit`,
    { ...bindings, limit },
  );
  const total =
    rows.length < limit
      ? rows.length
      : (await c.get<{ count: number }>(`select count(*) as count ${mail} ${open}`, bindings))
          ?.count;
  return { messages: rows.map(mailFrom), remaining: (total ?? 0) - rows.length };
}

/** As the one writer. */
export async function openInbox(
  c: Queries,
  request: InboxRequest,
  liveness: Liveness,
): Promise<InboxPage> {
  const page = await lookIntoInbox(c, request, liveness);
  const { mailbox } = request;
  const pending = page.messages.filter((message) => message.status === "pending");
  if (!request.again) await tend(c, mailbox, liveness);
  if (pending.length > 0) {
    await c.run(
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
  c: Queries,
  mailbox: string,
  least: number,
  at: number,
  withoutLoops = false,
): Promise<number> {
  const row = await c.get<{ count: number }>(
    `select count(*) as count ${mail} ${free} ${fresh} ${withoutLoops ? unlooped : ""}`,
    { mailbox, least, now: timestamp(at), channel: null },
  );
  return row?.count ?? 0;
}

/** Says that these were announced, and gives them back. */
export async function markAnnounced(
  c: Queries,
  mailbox: string,
  ids: readonly number[],
  at: number,
): Promise<void> {
  await c.run(
    `update parley.deliveries set announced_at = coalesce(announced_at, $now), reserved_until = null
      where session_id = $mailbox and message_id = any($ids::bigint[]) and delivered_at is null`,
    { mailbox, ids, now: timestamp(at) },
  );
}

export async function releaseInbox(
  c: Queries,
  mailbox: string,
  ids: readonly number[],
  reservedAt: number,
): Promise<void> {
  await c.run(
    `update parley.deliveries set reserved_until = null
      where session_id = $mailbox and message_id = any($ids::bigint[]) and reserved_until = $until`,
    { mailbox, ids, until: reservedUntil(reservedAt) },
  );
}

export async function markDelivered(
  c: Queries,
  mailbox: string,
  ids: readonly number[],
  how: string,
  at: number,
): Promise<number[]> {
  const now = timestamp(at);
  const rows = await c.all<{ message_id: number }>(
    `update parley.deliveries set delivered_at = $now, reserved_until = null, how = $how
      where session_id = $mailbox and message_id = any($ids::bigint[]) and delivered_at is null
      returning message_id`,
    { mailbox, now, how, ids },
  );
  const changed = rows.map((row) => row.message_id);
  await follow(c, changed, "delivered", now);
  if (changed.length > 0 && how.startsWith("hook")) {
    await c.run("update parley.session_registry set hooked_at = $now where session_id = $mailbox", {
      mailbox,
      now,
    });
  }
  return changed;
}

export async function markRead(
  c: Queries,
  mailbox: string,
  ids: readonly number[] | null,
  liveness: Liveness,
): Promise<number[]> {
  const now = timestamp(liveness.now);
  if (ids !== null) {
    const known = await c.all<{ message_id: number }>(
      `select message_id from parley.deliveries
        where message_id = any($ids::bigint[]) and session_id = $mailbox`,
      { mailbox, ids },
    );
    refuseStrange(mailbox, ids, known);
  }
  await tend(c, mailbox, liveness);
  const rows = await c.all<{ message_id: number }>(
    `update parley.deliveries set read_at = $now, delivered_at = coalesce(delivered_at, $now), reserved_until = null,
        how = coalesce(how, 'read')
      where session_id = $mailbox and read_at is null
        and ($ids::bigint[] is null or message_id = any($ids))
      returning message_id`,
    { mailbox, now, ids },
  );
  const changed = rows.map((row) => row.message_id);
  await follow(c, changed, "read", now);
  return changed.toSorted((a, b) => a - b);
}

/** A directed message's own state follows its delivery, one way. */
async function follow(
  c: Queries,
  ids: readonly number[],
  status: "delivered" | "read",
  now: string,
): Promise<void> {
  if (ids.length === 0) return;
  const changes =
    status === "read"
      ? "status = 'read', read_at = $now, delivered_at = coalesce(delivered_at, $now)"
      : "status = 'delivered', delivered_at = $now";
  await c.run(
    `update parley.session_messages set ${changes} where id = any($ids::bigint[])
      and recipient_id is not null and status ${status === "read" ? "<> 'read'" : "= 'pending'"}`,
    { ids, now },
  );
}

export async function unread(c: Queries, mailbox: string, at: number): Promise<Unread> {
  const rows = await c.all<{ channel: string; count: number }>(
    `select m.channel, count(*) as count ${mail} group by m.channel
      order by max(m.priority) desc, m.channel collate "C"`,
    { mailbox, now: timestamp(at), channel: null },
  );
  return unreadFrom(rows);
}
