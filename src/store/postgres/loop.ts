/** Pairs of sessions that only answer each other. */
import { timestamp } from "../../bus/clock";
import {
  areTooMany,
  countedSince,
  type Exchange,
  type LoopRow,
  pair,
  resourceOf,
} from "../rows/loop";
import { closeAlertsOn, raiseAlert } from "./alert";
import type { Bindings, Queries } from "./queries";
import { liveRecord } from "./session";

const loopOf = (c: Queries, a: string, b: string): Promise<LoopRow | null> =>
  c.get<LoopRow>(
    "select * from parley.message_loops where one = $one and other = $other",
    pair(a, b),
  );

/** Two sessions that write to each other too often, and nobody has told them that it is all right. */
export const inLoop = async (c: Queries, a: string, b: string): Promise<boolean> =>
  (await loopOf(c, a, b))?.closed_at === null;

/** Whether a message from one session to another was one too many, unless a human has come in between. */
export async function exceedsLimit(
  c: Queries,
  sender_id: string,
  recipient_id: string,
  at: number,
): Promise<boolean> {
  const bindings = exchangeBindings(c, sender_id, recipient_id, at);
  return areTooMany(
    c.settings,
    bindings && (await c.get<Exchange>(`select ${exchanged}`, bindings)),
  );
}

/** As the one writer, after such a message: where nothing has come in between, the pair is in a loop from now on. */
export async function guardLoop(
  c: Queries,
  sender_id: string,
  recipient_id: string,
  at: number,
): Promise<void> {
  const [sender, recipient, loop] = await Promise.all([
    liveRecord(c, sender_id),
    liveRecord(c, recipient_id),
    loopOf(c, sender_id, recipient_id),
  ]);
  if (!sender || !recipient || loop?.closed_at === null) return;
  const begin = timestamp(at - c.settings.loop.window);
  const since = countedSince(begin, sender, recipient, loop);
  const counted = { one: sender_id, other: recipient_id, since, most: c.settings.loop.limit + 1 };
  if (!areTooMany(c.settings, await c.get<Exchange>(`select ${exchanged}`, counted))) return;
  const both = pair(sender_id, recipient_id);
  await c.run(
    `insert into parley.message_loops(one, other) values ($one, $other)
      on conflict (one, other) do update set closed_at = null`,
    both,
  );
  await raiseAlert(c, "message_loop", resourceOf(both), [both.one, both.other], sender, at);
}

// No more are counted than matter, in the order of the index, or few pairs in a table would have it scanned.
const between = (from: string, to: string): string => `(select count(*) from (
  select 1 from parley.session_messages
    where sender_id = ${from} and recipient_id = ${to} and created_at > $since
    order by created_at desc limit $most) m)`;

/** The columns of an exchange, in SQL. */
export const exchanged = `${between("$one", "$other")} as there, ${between("$other", "$one")} as back`;

/** Null where nothing is counted. */
export function exchangeBindings(
  { settings }: Queries,
  one: string,
  other: string | null,
  at: number,
): Bindings | null {
  const { limit, window } = settings.loop;
  if (limit === 0 || other === null || one === other) return null;
  return { one, other, since: timestamp(at - window), most: limit + 1 };
}

/** A human has prompted the session: whatever it was in a loop with may wake it again. */
export async function humanSpoke(c: Queries, session_id: string, at: number): Promise<void> {
  await c.run(
    "update parley.session_registry set prompted_at = $now where session_id = $session_id",
    { session_id, now: timestamp(at) },
  );
  const why = `a human prompted ${session_id}`;
  for (const loop of await endLoops(c, session_id)) {
    await closeAlertsOn(c, "message_loop", resourceOf(loop), null, why, at);
  }
}

/** Forgets the loops of a session. Returns them. */
export const endLoops = (c: Queries, session_id: string): Promise<LoopRow[]> =>
  c.all<LoopRow>(
    "delete from parley.message_loops where one = $session_id or other = $session_id returning *",
    { session_id },
  );

/** The operator says that it is all right: the two are counted anew. */
export async function closeLoop(
  c: Queries,
  [a = "", b = ""]: readonly string[],
  at: number,
): Promise<void> {
  await c.run(
    "update parley.message_loops set closed_at = $now where one = $one and other = $other",
    { ...pair(a, b), now: timestamp(at) },
  );
}
