/** Which messages are past their time, and when they are removed. */
import type { Removed } from "../../bus/cleanup";
import { timestamp } from "../../bus/clock";

/**
 * An expired directed message is hidden at once and kept this much longer, in milliseconds, so that a jump of the
 * clock loses no mail.
 */
export const grace = 24 * 3600 * 1000;

/** Messages past their time: a condition that an index serves, and the time that it compares with. */
export interface Expired {
  condition: string;
  until(at: number): string;
}

export const undirected: Expired = {
  condition: "recipient_id is null and expires_at <= $until",
  until: timestamp,
};

/** Swept after the undirected ones, which lie between them in the same index. */
export const directed: Expired = {
  condition: "recipient_id is not null and expires_at <= $until",
  until: (at) => timestamp(at - grace),
};

export const nothing = (): Removed => ({
  messages: 0,
  sessions: 0,
  locks: 0,
  claims: 0,
  alerts: 0,
});

/** How many leases a reader frees: a look must not keep writers out for long, and they free the rest. */
export const leasesAtOnce = 500;

/** How often writers purge, all processes together, and how soon again where something was left, in milliseconds. */
export const interval = 60_000;
export const catchUp = 50;

/** Farther in the future is no appointment but a clock that was wrong. */
export const farthest = (at: number): number => at + 2 * interval;

/** Whether it is not yet the time of the next purge. */
export const isEarly = (at: number, dueAt: number): boolean => at < dueAt && dueAt < farthest(at);
