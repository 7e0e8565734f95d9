/** Messages behind a cursor, the newest, and where they stand. */
import { timestamp } from "../../bus/clock";
import type { Message } from "../../bus/message";
import type { MessageQuery, MessageState } from "../../bus/store";
import { fromRow, messageColumns, type MessageRow } from "../rows/message";
import type { Bindings, Queries } from "./queries";

type Filter = Omit<MessageQuery, "since">;

/** One channel is found by its index; several, or all, by walking the ids. */
function matching({ channels }: Filter): string {
  const channel =
    channels?.length === 1
      ? "and m.channel = $channel"
      : "and ($channels::text[] is null or m.channel = any($channels))";
  return `select ${messageColumns} from parley.session_messages m where m.expires_at > $now ${channel}
    and (m.recipient_id is null or $everyones or m.recipient_id = $own)`;
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
  c: Queries,
  { since, ...filter }: MessageQuery,
  at: number,
): Promise<Message[]> {
  const rows = await c.all<MessageRow>(
    `${matching(filter)} and m.id > $since order by m.id limit $limit`,
    { ...bindings(filter, at), since },
  );
  return rows.map(fromRow);
}

/** The newest messages, oldest of them first. */
export async function recentMessages(c: Queries, filter: Filter, at: number): Promise<Message[]> {
  const rows = await c.all<MessageRow>(
    `${matching(filter)} order by m.id desc limit $limit`,
    bindings(filter, at),
  );
  return rows.map(fromRow).toReversed();
}

/**
 * The highest id of a message that ever was committed, also where it is gone. The sequence would also count those that
 * are being written, which a cursor placed behind it would miss.
 */
export async function newestId(c: Queries): Promise<number> {
  const row = await c.get<{ id: number }>(
    `select greatest(coalesce((select max(id) from parley.session_messages), 0), removed_to) as id
      from parley.upkeep where id = 1`,
  );
  return row?.id ?? 0;
}

export const messageStates = (c: Queries, ids: readonly number[]): Promise<MessageState[]> =>
  c.all<MessageState>(
    `select id, status,
        (select min(r.id) from parley.session_messages r where r.reply_to = m.id) as reply
      from parley.session_messages m where id = any($ids::bigint[]) order by id`,
    { ids },
  );

export const messages = async (c: Queries, ids: readonly number[]): Promise<Message[]> =>
  (
    await c.all<MessageRow>(
      `select ${messageColumns} from parley.session_messages m
        where id = any($ids::bigint[]) order by id`,
      { ids },
    )
  ).map(fromRow);
