/** Two sessions as a pair, and when they are in a loop. */
import { parseTime } from "../../bus/clock";
import type { SessionRecord } from "../../bus/session";
import type { Settings } from "../../bus/settings";

/** Two sessions, as they stand in a row: `one` sorts before `other`. */
export type Pair = Record<"one" | "other", string>;

/** A row of `message_loops`. */
export interface LoopRow extends Pair {
  closed_at: string | null;
}

export const pair = (a: string, b: string): Pair =>
  a < b ? { one: a, other: b } : { one: b, other: a };

/** What the alert about them is about. */
export const resourceOf = ({ one, other }: Pair): string => `${one} and ${other}`;

/** How many messages two sessions have exchanged, each way. */
export interface Exchange {
  there: number;
  back: number;
}

/** Who is never answered is in no loop; null: nothing is counted. */
export const areTooMany = ({ loop }: Settings, exchange: Exchange | null): boolean =>
  exchange !== null &&
  exchange.there > 0 &&
  exchange.back > 0 &&
  exchange.there + exchange.back > loop.limit;

/** From when on two are counted: the latest of these, a prompt of either by a human, and that it was said to be all right. */
export const countedSince = (
  begin: string,
  sender: SessionRecord,
  recipient: SessionRecord,
  loop: LoopRow | null,
): string =>
  [begin, sender.prompted_at, recipient.prompted_at, loop?.closed_at ?? null]
    .filter((time) => time !== null)
    .reduce((a, b) => ((parseTime(a) ?? 0) > (parseTime(b) ?? 0) ? a : b));
