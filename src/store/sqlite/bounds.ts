import { ParleyError } from "../../bus/errors";
import type { Connection } from "./connection";

/** Throws `not_permitted` where a mailbox holds as much unread mail as it may: one that nobody reads must not grow for ever. */
export function refuseFullMailbox(c: Connection, mailbox: string): void {
  const most = c.settings.mostUnread;
  const full = c.get(
    "select 1 from deliveries where session_id = $mailbox and read_at is null limit 1 offset $last",
    { mailbox, last: most - 1 },
  );
  if (full === null) return;
  throw new ParleyError(
    "not_permitted",
    `The mailbox of ${mailbox} is full: ${most} unread messages`,
    {
      hint: "nothing was sent; it has room again once its owner reads, or when the messages are past their time",
      details: { session_id: mailbox, limit: most },
    },
  );
}

const things = { file_locks: "locks", task_claims: "claims" } as const;

/** Throws `not_permitted` where a session holds more than it may, counting what has just been written. */
export function refuseTooMany(c: Connection, table: keyof typeof things, session_id: string): void {
  const most = c.settings.mostHeld;
  const held = c.get<{ count: number }>(
    `select count(*) as count from ${table} where session_id = $session_id`,
    { session_id },
  );
  if ((held?.count ?? 0) <= most) return;
  throw new ParleyError(
    "not_permitted",
    `${session_id} may hold ${most} ${things[table]} at most`,
    {
      hint:
        table === "file_locks"
          ? "lock the directory instead, which covers all below it"
          : "release some first",
      details: { session_id, limit: most },
    },
  );
}
