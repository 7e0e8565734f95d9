/** Sessions that write to each other too often without a human. */
import { parseTime, timestamp } from "../bus/clock";
import type { SessionRecord } from "../bus/session";
import type { Settings } from "../bus/settings";
import { closeAlertsOn, raiseAlert } from "./alert";
import type { Bindings, Statements } from "./database";
import { liveRecord } from "./session";

/** Two sessions, as they stand in a row: `one` sorts before `other`. */
type Pair = Record<"one" | "other", string>;

/** A row of `message_loops`. */
export interface LoopRow extends Pair {
  closed_at: string | null;
}

export const pair = (a: string, b: string): Pair =>
  a < b ? { one: a, other: b } : { one: b, other: a };

/** What the alert about them is about. */
const resourceOf = ({ one, other }: Pair): string => `${one} and ${other}`;

const loopOf = (s: Statements, a: string, b: string): Promise<LoopRow | null> =>
  s.get<LoopRow>(
    "select * from parley.message_loops where one = $one and other = $other",
    pair(a, b),
  );

/** Whether two sessions write to each other too often, and the operator has not said that it is all right. */
export const inLoop = async (s: Statements, a: string, b: string): Promise<boolean> =>
  (await loopOf(s, a, b))?.closed_at === null;

/** How many messages two sessions have exchanged, each way. */
export interface Exchange {
  there: number;
  back: number;
}

/** A session that is never answered is in no loop; null: nothing is counted. */
export const areTooMany = ({ loop }: Settings, exchange: Exchange | null): boolean =>
  exchange !== null &&
  exchange.there > 0 &&
  exchange.back > 0 &&
  exchange.there + exchange.back > loop.limit;

// No more are counted than matter, in the order of the index, or few pairs in a table would have it scanned.
const between = (from: string, to: string): string => `(select count(*) from (
  select 1 from parley.session_messages
    where sender_id = ${from} and recipient_id = ${to} and created_at > $since
    order by created_at desc limit $most) m)`;

/** The columns of an exchange, in SQL, and a statement of nothing else. */
export const exchanged = `${between("$one", "$other")} as there, ${between("$other", "$one")} as back`;
const exchange = `select ${exchanged}`;

/** Null where nothing is counted. */
export function exchangeBindings(
  { settings }: Statements,
  one: string,
  other: string | null,
  at: number,
): Bindings | null {
  const { limit, window } = settings.loop;
  if (limit === 0 || other === null || one === other) return null;
  return { one, other, since: timestamp(at - window), most: limit + 1 };
}

/** Whether a message from one session to another was one too many, unless a human has come in between. */
export async function exceedsLimit(
  s: Statements,
  sender_id: string,
  recipient_id: string,
  at: number,
): Promise<boolean> {
  const bindings = exchangeBindings(s, sender_id, recipient_id, at);
  return areTooMany(s.settings, bindings && (await s.get<Exchange>(exchange, bindings)));
}

/** As the only writer, after such a message: where nothing has come in between, the pair is in a loop from now on. */
export async function guardLoop(
  s: Statements,
  sender_id: string,
  recipient_id: string,
  at: number,
): Promise<void> {
  const [sender, recipient, loop] = await Promise.all([
    liveRecord(s, sender_id),
    liveRecord(s, recipient_id),
    loopOf(s, sender_id, recipient_id),
  ]);
  if (!sender || !recipient || loop?.closed_at === null) return;
  const begin = timestamp(at - s.settings.loop.window);
  const since = countedSince(begin, sender, recipient, loop);
  const counted = { one: sender_id, other: recipient_id, since, most: s.settings.loop.limit + 1 };
  if (!areTooMany(s.settings, await s.get<Exchange>(exchange, counted))) return;
  const both = pair(sender_id, recipient_id);
  await s.run(
    `insert into parley.message_loops(one, other) values ($one, $other)
      on conflict (one, other) do update set closed_at = null`,
    both,
  );
  await raiseAlert(s, "message_loop", resourceOf(both), [both.one, both.other], sender, at);
}

/** From when on two are counted: the latest of these, a prompt of either by a human, and that it was said to be all right. */
const countedSince = (
  begin: string,
  sender: SessionRecord,
  recipient: SessionRecord,
  loop: LoopRow | null,
): string =>
  [begin, sender.prompted_at, recipient.prompted_at, loop?.closed_at ?? null]
    .filter((time) => time !== null)
    .reduce((a, b) => ((parseTime(a) ?? 0) > (parseTime(b) ?? 0) ? a : b));

/** A human has prompted the session: every session that it was in a loop with may wake it again. */
export async function humanSpoke(s: Statements, session_id: string, at: number): Promise<void> {
  await s.run(
    "update parley.session_registry set prompted_at = $now where session_id = $session_id",
    { session_id, now: timestamp(at) },
  );
  const why = `a human prompted ${session_id}`;
  for (const loop of await endLoops(s, session_id)) {
    await closeAlertsOn(s, "message_loop", resourceOf(loop), null, why, at);
  }
}

/** Forgets the loops of a session. Returns them. */
export const endLoops = (s: Statements, session_id: string): Promise<LoopRow[]> =>
  s.all<LoopRow>(
    "delete from parley.message_loops where one = $session_id or other = $session_id returning *",
    { session_id },
  );

/** The operator says that it is all right: the two are counted anew. */
export async function closeLoop(
  s: Statements,
  [a = "", b = ""]: readonly string[],
  at: number,
): Promise<void> {
  await s.run(
    "update parley.message_loops set closed_at = $now where one = $one and other = $other",
    { ...pair(a, b), now: timestamp(at) },
  );
}
