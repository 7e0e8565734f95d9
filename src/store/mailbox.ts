/** Where the unread mail of ended sessions waits, and who gets it. */
import type { Statements } from "./database";

/**
 * A mailbox that belongs to a conversation rather than to a session id: where unread mail waits when its session has
 * ended and another took the id. The colon keeps it apart from every session id.
 */
const parkedMailbox = (session_uuid: string | null, session_id: string): string =>
  session_uuid === null ? `ended:${session_id}` : `uuid:${session_uuid}`;

/** Condition: the message of a delivery `d` is not in the mailbox already, so that it can be moved there. */
const absent = (mailbox: string): string =>
  `not exists (select 1 from parley.deliveries o where o.message_id = d.message_id and o.session_id = ${mailbox})`;

/** Sets the unread mail of an ended session aside, before its id passes to another. Mail sent after the end stays. */
export async function parkMail(s: Statements, session_id: string): Promise<void> {
  const row = await s.get<{ session_uuid: string | null; ended_message_id: number | null }>(
    "select session_uuid, ended_message_id from parley.session_registry where session_id = $session_id",
    { session_id },
  );
  if (!row) return;
  await s.run(
    `update parley.deliveries as d set session_id = $mailbox, reserved_until = null
      where session_id = $session_id and read_at is null and message_id < $until and ${absent("$mailbox")}`,
    {
      session_id,
      mailbox: parkedMailbox(row.session_uuid, session_id),
      until: row.ended_message_id ?? Number.MAX_SAFE_INTEGER,
    },
  );
}

/** Hands the unread mail of ended sessions of this conversation to the session that continues it. */
export async function adoptMail(
  s: Statements,
  session_uuid: string,
  session_id: string,
): Promise<void> {
  const ended = await s.all<{ session_id: string }>(
    `select session_id from parley.session_registry
      where session_uuid = $session_uuid and status = 'terminated' and session_id <> $session_id`,
    { session_uuid, session_id },
  );
  // One after the other: the same alert may wait in several of them.
  for (const mailbox of [
    parkedMailbox(session_uuid, session_id),
    ...ended.map((row) => row.session_id),
  ]) {
    await s.run(
      `update parley.deliveries as d set session_id = $session_id, reserved_until = null
        where session_id = $mailbox and read_at is null and ${absent("$session_id")}`,
      { session_id, mailbox },
    );
  }
}
