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
