/** Mail that follows its conversation. */
import { strandedMailbox } from "../rows/mailbox";
import type { Connection } from "./connection";

/** Sets the unread mail of an ended session aside, before its id passes to another. Mail sent after the end stays. */
export function strandMail(c: Connection, session_id: string): void {
  const row = c.get<{ session_uuid: string | null; ended_message_id: number | null }>(
    "select session_uuid, ended_message_id from session_registry where session_id = $session_id",
    { session_id },
  );
  if (!row) return;
  c.run(
    `update or ignore deliveries set session_id = $mailbox, reserved_until = null
      where session_id = $session_id and read_at is null and message_id < $until`,
    {
      session_id,
      mailbox: strandedMailbox(row.session_uuid, session_id),
      until: row.ended_message_id ?? Number.MAX_SAFE_INTEGER,
    },
  );
}

/** Hands the unread mail of ended sessions of this conversation to the session that continues it. */
export function inheritMail(c: Connection, session_uuid: string, session_id: string): void {
  c.run(
    `update or ignore deliveries set session_id = $session_id, reserved_until = null
      where read_at is null and session_id in (
        select $mailbox union all
        select session_id from session_registry
          where session_uuid = $session_uuid and status = 'terminated' and session_id <> $session_id)`,
    { session_uuid, session_id, mailbox: strandedMailbox(session_uuid, session_id) },
  );
}
