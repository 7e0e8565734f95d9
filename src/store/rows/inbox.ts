/** A message in a mailbox. */
import { timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Message } from "../../bus/message";
import type { Unread } from "../../bus/session";
import { fromRow, type MessageRow } from "./message";

/** A message in a mailbox. */
export interface MailRow extends MessageRow {
  shown_at: string | null;
  /** Missing where only unread mail is asked for. */
  opened_at?: string | null;
}

/** The state of a message in a mailbox is what its delivery there says: an alert's own state is the operator's. */
export const mailFrom = ({ shown_at, opened_at = null, ...row }: MailRow): Message => ({
  ...fromRow(row),
  status: opened_at !== null ? "read" : shown_at !== null ? "delivered" : "pending",
  delivered_at: shown_at,
  read_at: opened_at,
});

/** Until when a message stays reserved for the process that is about to show it, so many milliseconds. */
export const reservedUntil = (at: number): string => timestamp(at + 5000);

/** Throws `not_found` where some of them are not among what is known of the mailbox. */
export function refuseStrange(
  mailbox: string,
  ids: readonly number[],
  known: readonly { message_id: number | null }[],
): void {
  const there = new Set(known.map((row) => row.message_id));
  const strange = ids.filter((id) => !there.has(id));
  if (strange.length === 0) return;
  const text = `No message ${strange.join(", ")} in the mailbox of ${mailbox}`;
  throw new ParleyError("not_found", text, {
    hint: "list its messages with parley inbox; nothing was marked",
    details: { message_ids: strange },
  });
}

/** By rows in the order of what is most urgent in each channel. */
export const unreadFrom = (rows: readonly { channel: string; count: number }[]): Unread => ({
  total: rows.reduce((sum, row) => sum + row.count, 0),
  by_channel: Object.fromEntries(rows.map((row) => [row.channel, row.count])),
});
