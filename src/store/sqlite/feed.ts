/** Messages behind a cursor, the newest, and where they stand. */
import { timestamp } from "../../bus/clock";
import type { Message } from "../../bus/message";
import type { MessageQuery, MessageState } from "../../bus/store";
import { fromRow, messageColumns, type MessageRow } from "../rows/message";
import type { Connection } from "./connection";

type Filter = Omit<MessageQuery, "since">;

/** One channel is found by its index; several, or all, by walking the ids. */
function matching({ channels }: Filter): string {
  const channel =
    channels?.length === 1
      ? "and m.channel = $channel"
      : "and ($channels is null or m.channel in (select value from json_each($channels)))";
  return `select ${messageColumns} from session_messages m where m.expires_at > $now ${channel}
    and (m.recipient_id is null or $directed = 'all' or m.recipient_id = $to)`;
}

const bindings = ({ channels, directed, limit }: Filter, at: number) => ({
  now: timestamp(at),
  ...(channels?.length === 1
    ? { channel: channels[0] ?? "" }
    : { channels: channels && JSON.stringify(channels) }),
  directed: directed === "all" ? "all" : null,
  to: directed !== null && directed !== "all" ? directed.to : null,
  limit,
});

/** Messages behind a cursor, oldest first. */
export function messagesAfter(
  c: Connection,
  { since, ...filter }: MessageQuery,
  at: number,
): Message[] {
  return c
    .all<MessageRow>(`${matching(filter)} and m.id > $since order by m.id limit $limit`, {
      ...bindings(filter, at),
      since,
    })
    .map(fromRow);
}

/** The newest messages, oldest of them first. */
export function recentMessages(c: Connection, filter: Filter, at: number): Message[] {
  return c
    .all<MessageRow>(`${matching(filter)} order by m.id desc limit $limit`, bindings(filter, at))
    .map(fromRow)
    .toReversed();
}

/** The highest id that was ever given, also where its message is gone. */
export const newestId = (c: Connection): number =>
  c.get<{ seq: number }>("select seq from sqlite_sequence where name = 'session_messages'")?.seq ??
  0;

export const messageStates = (c: Connection, ids: readonly number[]): MessageState[] =>
  c.all<MessageState>(
    `select id, coalesce(status, 'pending') as status,
        (select min(r.id) from session_messages r where r.reply_to = m.id) as reply
      from session_messages m where id in (select value from json_each($ids)) order by id`,
    { ids: JSON.stringify(ids) },
  );

export const messages = (c: Connection, ids: readonly number[]): Message[] =>
  c
    .all<MessageRow>(
      `select ${messageColumns} from session_messages m
        where id in (select value from json_each($ids)) order by id`,
      { ids: JSON.stringify(ids) },
    )
    .map(fromRow);
