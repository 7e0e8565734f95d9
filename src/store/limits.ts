/** How much a mailbox takes and a session holds. */
import { fullMailbox, tooMany } from "../bus/limits";
import type { Bindings, Statements } from "./database";

/** Finds a row where a mailbox holds as much unread mail as it may. */
export const isFull = (mailbox: string): string => `select 1 from parley.deliveries
  where session_id = ${mailbox} and read_at is null limit 1 offset $last::bigint`;

export const isFullBindings = (s: Statements): Bindings => ({ last: s.settings.maxUnread - 1 });

/** Throws `not_permitted` where a mailbox holds as much unread mail as it may. */
export async function refuseFullMailbox(s: Statements, mailbox: string): Promise<void> {
  const full = await s.get(isFull("$mailbox"), { mailbox, ...isFullBindings(s) });
  if (full !== null) throw fullMailbox(mailbox, s.settings.maxUnread);
}

const things = { file_locks: "locks", task_claims: "claims" } as const;

/** Throws `not_permitted` where a session holds more than it may, counting what has just been written. */
export async function refuseTooMany(
  s: Statements,
  table: keyof typeof things,
  session_id: string,
): Promise<void> {
  const most = s.settings.maxHeld;
  const held = await s.get<{ count: number }>(
    `select count(*) as count from parley.${table} where session_id = $session_id`,
    { session_id },
  );
  if ((held?.count ?? 0) > most) throw tooMany(session_id, most, things[table]);
}
