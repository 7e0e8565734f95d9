/** How much a mailbox takes and a session may hold. */
import { fullMailbox, tooMany } from "../../bus/limits";
import type { Bindings, Queries } from "./queries";

/** Finds a row where a mailbox holds as much unread mail as it may. */
export const isFull = (mailbox: string): string => `select 1 from parley.deliveries
  where session_id = ${mailbox} and read_at is null limit 1 offset $last::bigint`;

export const isFullBindings = (c: Queries): Bindings => ({ last: c.settings.mostUnread - 1 });

/** Throws `not_permitted` where a mailbox holds as much unread mail as it may. */
export async function refuseFullMailbox(c: Queries, mailbox: string): Promise<void> {
  const most = c.settings.mostUnread;
  const full = await c.get(isFull("$mailbox"), { mailbox, ...isFullBindings(c) });
  if (full !== null) throw fullMailbox(mailbox, most);
}

const things = { file_locks: "locks", task_claims: "claims" } as const;

/** Throws `not_permitted` where a session holds more than it may, counting what has just been written. */
export async function refuseTooMany(
  c: Queries,
  table: keyof typeof things,
  session_id: string,
): Promise<void> {
  const most = c.settings.mostHeld;
  const held = await c.get<{ count: number }>(
    `select count(*) as count from parley.${table} where session_id = $session_id`,
    { session_id },
  );
  if ((held?.count ?? 0) > most) throw tooMany(session_id, most, things[table]);
}
