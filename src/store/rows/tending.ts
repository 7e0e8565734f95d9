/** How often heartbeats are written and others looked after. */

/**
 * A heartbeat younger than this, in milliseconds, is left as it is: every write wakes whoever waits, and an agent that
 * runs several commands in a second is no more alive for each of them.
 */
export const heartbeatGrain = 1000;

/** Sessions judged with every command of another, in rotation. */
export const rotation = 16;
/** A process that has given more than so many commands goes on … */
const commands = 3;
/** … and need not do so more often than this, in milliseconds: it costs a millisecond with ten sessions. */
const interval = 5000;

/** How often a process was to look after other sessions, and when it last did; milliseconds of `performance.now`. */
export interface Tended {
  count: number;
  at: number;
}

/** Whether it is to do so now. Counts how often it is asked. */
export function isTurn(tended: Tended): boolean {
  const now = performance.now();
  if (++tended.count > commands && now - tended.at < interval) return false;
  tended.at = now;
  return true;
}
