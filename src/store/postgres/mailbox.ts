/** Mail that follows its conversation. */
import { strandedMailbox } from "../rows/mailbox";
import type { Queries } from "./queries";

/** A message that is in the mailbox already is not moved there again. */
const absent = (mailbox: string): string =>
  `not exists (select 1 from parley.deliveries o where o.message_id = d.message_id and o.session_id = ${mailbox})`;

/** Sets the unread mail of an ended session aside, before its id passes to another. Mail sent after the end stays. */
export async function strandMail(c: Queries, session_id: string): Promise<void> {
  const row = await c.get<{ session_uuid: string | null; ended_message_id: number | null }>(
    "select session_uuid, ended_message_id from parley.session_registry where session_id = $session_id",
    { session_id },
  );
  if (!row) return;
  await c.run(
    `update parley.deliveries d set session_id = $mailbox, reserved_until = null
      where session_id = $session_id and read_at is null and message_id < $until and ${absent("$mailbox")}`,
    {
      session_id,
      mailbox: strandedMailbox(row.session_uuid, session_id),
      until: row.ended_message_id ?? Number.MAX_SAFE_INTEGER,
    },
  );
}

/** Hands the unread mail of ended sessions of this conversation to the session that continues it. */
export async function inheritMail(
  c: Queries,
  session_uuid: string,
  session_id: string,
): Promise<void> {
  const boxes = await c.all<{ session_id: string }>(
    `select session_id from parley.session_registry
      where session_uuid = $session_uuid and status = 'terminated' and session_id <> $session_id`,
    { session_uuid, session_id },
  );
  // One after the other: the same alert may wait in several of them.
  for (const mailbox of [
    strandedMailbox(session_uuid, session_id),
    ...boxes.map((b) => b.session_id),
  ]) {
    await c.run(
      `update parley.deliveries d set session_id = $session_id, reserved_until = null
        where session_id = $mailbox and read_at is null and ${absent("$session_id")}`,
      { session_id, mailbox },
    );
  }
}
