/** Pairs of sessions that only answer each other. */
import { timestamp } from "../../bus/clock";
import { areTooMany, countedSince, type LoopRow, pair, resourceOf } from "../rows/loop";
import { closeAlertsOn, raiseAlert } from "./alert";
import type { Connection } from "./connection";
import { liveRecord } from "./session";

const loopOf = (c: Connection, a: string, b: string): LoopRow | null =>
  c.get<LoopRow>("select * from message_loops where one = $one and other = $other", pair(a, b));

/** Two sessions that write to each other too often, and nobody has told them that it is all right. */
export const inLoop = (c: Connection, a: string, b: string): boolean =>
  loopOf(c, a, b)?.closed_at === null;

/** After a message from one session to another: where it is one too many, the pair is in a loop from now on. */
export function guardLoop(
  c: Connection,
  sender_id: string,
  recipient_id: string,
  at: number,
): void {
  const { limit, window } = c.settings.loop;
  if (limit === 0 || sender_id === recipient_id) return;
  const begin = timestamp(at - window);
  const tooMany = (since: string): boolean => {
    const there = between(c, sender_id, recipient_id, since, limit + 1);
    const back = between(c, recipient_id, sender_id, since, limit + 1);
    return areTooMany(c.settings, { there, back });
  };
  // Nearly always the only look that is needed.
  if (!tooMany(begin)) return;
  const sender = liveRecord(c, sender_id);
  const recipient = liveRecord(c, recipient_id);
  if (!sender || !recipient) return;
  const loop = loopOf(c, sender_id, recipient_id);
  if (loop?.closed_at === null) return;
  const since = countedSince(begin, sender, recipient, loop);
  if (!tooMany(since)) return;
  const both = pair(sender_id, recipient_id);
  c.run(
    "insert or replace into message_loops(one, other, closed_at) values ($one, $other, null)",
    both,
  );
  raiseAlert(c, "message_loop", resourceOf(both), [both.one, both.other], sender, at);
}

/** How many messages of one went to the other after that time, no more than `most`. */
const between = (c: Connection, from: string, to: string, since: string, most: number): number =>
  c.get<{ count: number }>(
    `select count(*) as count from (select 1 from session_messages
      where sender_id = $from and recipient_id = $to and created_at > $since limit $most)`,
    { from, to, since, most },
  )?.count ?? 0;

/** A human has prompted the session: whatever it was in a loop with may wake it again. */
export function humanSpoke(c: Connection, session_id: string, at: number): void {
  c.run("update session_registry set prompted_at = $now where session_id = $session_id", {
    session_id,
    now: timestamp(at),
  });
  for (const loop of endLoops(c, session_id)) {
    closeAlertsOn(c, "message_loop", resourceOf(loop), `a human prompted ${session_id}`, at);
  }
}

/** Forgets the loops of a session. Returns them. */
export const endLoops = (c: Connection, session_id: string): LoopRow[] =>
  c.all<LoopRow>(
    "delete from message_loops where one = $session_id or other = $session_id returning *",
    {
      session_id,
    },
  );

/** The operator says that it is all right: the two are counted anew. */
export function closeLoop(c: Connection, [a = "", b = ""]: readonly string[], at: number): void {
  c.run("update message_loops set closed_at = $now where one = $one and other = $other", {
    ...pair(a, b),
    now: timestamp(at),
  });
}
