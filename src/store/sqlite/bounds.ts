/** How much a mailbox takes and a session may hold. */
import { fullMailbox, tooMany } from "../../bus/limits";
import type { Connection } from "./connection";

/** Throws `not_permitted` where a mailbox holds as much unread mail as it may. */
export function refuseFullMailbox(c: Connection, mailbox: string): void {
  const most = c.settings.mostUnread;
  const full = c.get(
    "select 1 from deliveries where session_id = $mailbox and read_at is null limit 1 offset $last",
    { mailbox, last: most - 1 },
  );
  if (full !== null) throw fullMailbox(mailbox, most);
}

const things = { file_locks: "locks", task_claims: "claims" } as const;

/** Throws `not_permitted` where a session holds more than it may, counting what has just been written. */
export function refuseTooMany(c: Connection, table: keyof typeof things, session_id: string): void {
  const most = c.settings.mostHeld;
  const held = c.get<{ count: number }>(
    `select count(*) as count from ${table} where session_id = $session_id`,
    { session_id },
  );
  if ((held?.count ?? 0) > most) throw tooMany(session_id, most, things[table]);
}
