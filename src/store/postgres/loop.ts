import { parseTime, timestamp } from "../../bus/clock";
import { closeAlertsOn, raiseAlert } from "./alert";
import type { Queries } from "./queries";
import { liveRecord } from "./session";

interface Loop {
  one: string;
  other: string;
  closed_at: string | null;
}

const pair = (a: string, b: string): { one: string; other: string } =>
  a < b ? { one: a, other: b } : { one: b, other: a };

const resource = ({ one, other }: { one: string; other: string }): string => `${one} and ${other}`;

const loopOf = (c: Queries, a: string, b: string): Promise<Loop | null> =>
  c.get<Loop>("select * from parley.message_loops where one = $one and other = $other", pair(a, b));

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
  const { limit, window } = c.settings.loop;
  if (limit === 0 || sender_id === recipient_id) return false;
  return tooMany(c, sender_id, recipient_id, timestamp(at - window));
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
  const since = [begin, sender.prompted_at, recipient.prompted_at, loop?.closed_at ?? null]
    .filter((time) => time !== null)
    .reduce((a, b) => ((parseTime(a) ?? 0) > (parseTime(b) ?? 0) ? a : b));
  if (!(await tooMany(c, sender_id, recipient_id, since))) return;
  const both = pair(sender_id, recipient_id);
  await c.run(
    `insert into parley.message_loops(one, other) values ($one, $other)
      on conflict (one, other) do update set closed_at = null`,
    both,
  );
  await raiseAlert(c, "message_loop", resource(both), [both.one, both.other], sender, at);
}

async function tooMany(c: Queries, one: string, other: string, since: string): Promise<boolean> {
  const { limit } = c.settings.loop;
  // No more are counted than matter, in the order of the index, or few pairs in a table would have it scanned.
  const between = (from: string, to: string): string => `(select count(*) from (
    select 1 from parley.session_messages
      where sender_id = ${from} and recipient_id = ${to} and created_at > $since
      order by created_at desc limit $most) m)`;
  const row = await c.get<{ there: number; back: number }>(
    `select ${between("$one", "$other")} as there, ${between("$other", "$one")} as back`,
    { one, other, since, most: limit + 1 },
  );
  // Who is never answered is in no loop.
  return row !== null && row.there > 0 && row.back > 0 && row.there + row.back > limit;
}

/** A human has prompted the session: whatever it was in a loop with may wake it again. */
export async function humanSpoke(c: Queries, session_id: string, at: number): Promise<void> {
  await c.run(
    "update parley.session_registry set prompted_at = $now where session_id = $session_id",
    { session_id, now: timestamp(at) },
  );
  const why = `a human prompted ${session_id}`;
  for (const loop of await endLoops(c, session_id)) {
    await closeAlertsOn(c, "message_loop", resource(loop), null, why, at);
  }
}

/** Forgets the loops of a session. Returns them. */
export const endLoops = (c: Queries, session_id: string): Promise<Loop[]> =>
  c.all<Loop>(
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
