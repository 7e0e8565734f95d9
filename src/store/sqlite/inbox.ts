/** Mailboxes: reserving, delivered, read, unread. */
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Unread } from "../../bus/session";
import type { InboxPage, InboxRequest } from "../../bus/store";
import { mailFrom, type MailRow, refuseStrange, reservedUntil, unreadFrom } from "../rows/inbox";
import { messageColumns } from "../rows/message";
import type { Connection } from "./connection";
import { tend } from "./session";

/** Unread, unexpired mail of one mailbox, by the index of unread deliveries. */
const mail = `from deliveries d join session_messages m on m.id = d.message_id
  where d.session_id = $mailbox and d.read_at is null and m.expires_at > $now
    and ($channel is null or m.channel = $channel)`;
/** What nobody has shown or announced to the session yet. It was told of the alerts that it raised as it raised them. */
const fresh = `and d.delivered_at is null and d.announced_at is null and m.priority >= $least
    and m.sender_id <> $mailbox`;
/** Of nobody with whom it is in a loop. */
const unlooped = `and not exists (select 1 from message_loops l where l.closed_at is null
  and l.one = min(m.sender_id, d.session_id) and l.other = max(m.sender_id, d.session_id))`;
const free =
  "and (d.delivered_at is not null or d.reserved_until is null or d.reserved_until <= $now)";

export function openInbox(c: Connection, request: InboxRequest, liveness: Liveness): InboxPage {
  const { mailbox, channel, limit, peek } = request;
  const now = timestamp(liveness.now);
  const filters = `${peek ? "" : free} ${request.fresh_from === undefined ? "" : fresh} ${request.unlooped ? unlooped : ""}`;
  const bindings = {
    ...{ mailbox, now, channel },
    ...(request.fresh_from === undefined ? {} : { least: request.fresh_from }),
  };
  const messages = c
    .all<MailRow>(
      `select ${messageColumns}, d.delivered_at as shown_at ${mail} ${filters}
        order by d.delivered_at is not null, m.priority desc, m.id limit $limit`,
      { ...bindings, limit },
    )
    .map(mailFrom);
  const total =
    messages.length < limit
      ? messages.length
      : (c.get<{ count: number }>(`select count(*) as count ${mail} ${filters}`, bindings)?.count ??
        0);
  const pending = messages
    .filter((message) => message.status === "pending")
    .map((message) => message.id);
  if (!peek && !c.readOnly) {
    if (!request.again) tend(c, mailbox, liveness);
    if (pending.length > 0) {
      c.run(
        `update deliveries set reserved_until = $until
          where session_id = $mailbox and message_id in (select value from json_each($ids))`,
        { mailbox, until: reservedUntil(liveness.now), ids: JSON.stringify(pending) },
      );
    }
  }
  return { messages, remaining: total - messages.length };
}

/** How many pending messages of at least this priority could be shown or announced to the session now. */
export const waitingMail = (
  c: Connection,
  mailbox: string,
  least: number,
  at: number,
  withoutLoops = false,
): number =>
  c.get<{ count: number }>(
    `select count(*) as count ${mail} ${free} ${fresh} ${withoutLoops ? unlooped : ""}`,
    {
      ...{ mailbox, least, now: timestamp(at), channel: null },
    },
  )?.count ?? 0;

/** Says that these were announced, and gives them back. */
export function markAnnounced(
  c: Connection,
  mailbox: string,
  ids: readonly number[],
  at: number,
): void {
  c.run(
    `update deliveries set announced_at = coalesce(announced_at, $now), reserved_until = null
      where session_id = $mailbox and message_id in (select value from json_each($ids)) and delivered_at is null`,
    { mailbox, now: timestamp(at), ids: JSON.stringify(ids) },
  );
}

export function releaseInbox(
  c: Connection,
  mailbox: string,
  ids: readonly number[],
  reservedAt: number,
): void {
  c.run(
    `update deliveries set reserved_until = null
      where session_id = $mailbox and message_id in (select value from json_each($ids)) and reserved_until = $until`,
    { mailbox, ids: JSON.stringify(ids), until: reservedUntil(reservedAt) },
  );
}

export function markDelivered(
  c: Connection,
  mailbox: string,
  ids: readonly number[],
  how: string,
  at: number,
): number[] {
  const now = timestamp(at);
  const changed = c
    .all<{ message_id: number | null }>(
      `update deliveries set delivered_at = $now, reserved_until = null, how = $how
        where session_id = $mailbox and message_id in (select value from json_each($ids)) and delivered_at is null
        returning message_id`,
      { mailbox, now, how, ids: JSON.stringify(ids) },
    )
    .flatMap((row) => row.message_id ?? []);
  follow(c, changed, "delivered", now);
  if (changed.length > 0 && how.startsWith("hook")) {
    c.run("update session_registry set hooked_at = $now where session_id = $mailbox", {
      mailbox,
      now,
    });
  }
  return changed;
}

export function markRead(
  c: Connection,
  mailbox: string,
  ids: readonly number[] | null,
  liveness: Liveness,
): number[] {
  const now = timestamp(liveness.now);
  if (ids !== null) {
    const known = c.all<{ message_id: number | null }>(
      `select message_id from deliveries
        where message_id in (select value from json_each($ids)) and session_id = $mailbox`,
      { mailbox, ids: JSON.stringify(ids) },
    );
    refuseStrange(mailbox, ids, known);
  }
  tend(c, mailbox, liveness);
  const changed = c
    .all<{ message_id: number | null }>(
      `update deliveries set read_at = $now, delivered_at = coalesce(delivered_at, $now), reserved_until = null,
          how = coalesce(how, 'read')
        where session_id = $mailbox and read_at is null
          and ${ids === null ? "true" : "message_id in (select value from json_each($ids))"}
        returning message_id`,
      ids === null ? { mailbox, now } : { mailbox, now, ids: JSON.stringify(ids) },
    )
    // A place in the mailbox that another program made for no message counts for nothing.
    .flatMap((row) => row.message_id ?? []);
  follow(c, changed, "read", now);
  return changed.toSorted((a, b) => a - b);
}

/** A directed message's own state follows its delivery, one way. */
function follow(
  c: Connection,
  ids: readonly number[],
  status: "delivered" | "read",
  now: string,
): void {
  if (ids.length === 0) return;
  const changes =
    status === "read"
      ? "status = 'read', read_at = $now, delivered_at = coalesce(delivered_at, $now)"
      : "status = 'delivered', delivered_at = $now";
  c.run(
    `update session_messages set ${changes} where id in (select value from json_each($ids))
      and recipient_id is not null and status ${status === "read" ? "<> 'read'" : "= 'pending'"}`,
    { ids: JSON.stringify(ids), now },
  );
}

export function unread(c: Connection, mailbox: string, at: number): Unread {
  const rows = c.all<{ channel: string; count: number }>(
    `select m.channel, count(*) as count ${mail} group by m.channel order by max(m.priority) desc, m.channel`,
    { mailbox, now: timestamp(at), channel: null },
  );
  return unreadFrom(rows);
}
