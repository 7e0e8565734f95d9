/** Reading messages in the order of their ids. */
import { timestamp } from "../bus/clock";
import type { Message, MessageQuery, MessageState } from "../bus/message";
import type { Bindings, Statements } from "./database";
import { messageColumns, messageFrom, type MessageRow } from "./message";

type Filter = Omit<MessageQuery, "since">;

/** One channel is found by its index; several, or all, by walking the ids. */
function matching({ channels }: Filter): string {
  const channel =
    channels?.length === 1
      ? "and m.channel = $channel"
      : "and ($channels::text[] is null or m.channel = any($channels))";
  return `select ${messageColumns} from parley.session_messages m where m.expires_at > $now ${channel}
    and (m.recipient_id is null or $everyones::boolean or m.recipient_id = $own)`;
}

const bindings = ({ channels, directed, limit }: Filter, at: number): Bindings => ({
  now: timestamp(at),
  channel: channels?.[0] ?? "",
  channels: channels ?? null,
  everyones: directed === "all",
  own: directed !== null && directed !== "all" ? directed.to : null,
  limit,
});

/** Messages behind a cursor, oldest first. */
export async function messagesAfter(
  s: Statements,
  { since, ...filter }: MessageQuery,
  at: number,
): Promise<Message[]> {
  const rows = await s.all<MessageRow>(
    `${matching(filter)} and m.id > $since order by m.id limit $limit`,
    { ...bindings(filter, at), since },
  );
  return rows.map(messageFrom);
}

/** The newest messages, oldest of them first. */
export async function recentMessages(
  s: Statements,
  filter: Filter,
  at: number,
): Promise<Message[]> {
  const rows = await s.all<MessageRow>(
    `${matching(filter)} order by m.id desc limit $limit`,
    bindings(filter, at),
  );
  return rows.map(messageFrom).toReversed();
}

/** The highest id of a message that ever was committed, also where the message is gone. */
export const newestId = async (s: Statements): Promise<number> =>
  (await s.get<{ id: number }>(s.dialect.newestId))?.id ?? 0;

export const messageStates = (s: Statements, ids: readonly number[]): Promise<MessageState[]> =>
  s.all<MessageState>(
    `select id, coalesce(status, 'pending') as status,
        (select min(r.id) from parley.session_messages r where r.reply_to = m.id) as reply
      from parley.session_messages m where id = any($ids::bigint[]) order by id`,
    { ids },
  );

export const messages = async (s: Statements, ids: readonly number[]): Promise<Message[]> =>
  (
    await s.all<MessageRow>(
      `select ${messageColumns} from parley.session_messages m
        where id = any($ids::bigint[]) order by id`,
      { ids },
    )
  ).map(messageFrom);
