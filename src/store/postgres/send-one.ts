/** Writing one message in one statement, with its notice. */
import { fullMailbox } from "../../bus/limits";
import type { Message } from "../../bus/message";
import type { SentOne } from "../database";
import { isFull, isFullBindings } from "../limits";
import { heartbeat, heartbeatBindings } from "../liveness";
import {
  messageFrom,
  type NewMessage,
  writtenColumns,
  writtenRow,
  writtenValues,
} from "../message";
import { areTooMany, type Exchange, exchangeBindings, exchanged } from "../message-loop";
import { type Connection, syncAndSignal } from "./connection";
import { contentOf, messageNotice, payloadFor } from "./notify-payload";

/**
 * The lock of the writers is held on the server alone, for as long as the statement takes, and not while a busy client makes
 * up its mind or the disk is waited for. What need not be in the lock follows: the sender's sign of life, the disk, and what
 * the two have exchanged, which of two sessions that write at once one sees whole. The key tells whether an attempt whose
 * answer was lost has been done. Throws `not_permitted` where the mailbox is full.
 */
export function sendOne(connection: Connection, message: NewMessage): Promise<SentOne> {
  const key = `sent:${crypto.randomUUID()}`;
  const { sender_id, recipient_id, at } = message;
  return connection.query(async (s) => {
    const fresh = writtenRow(s.settings, message);
    const messageOf = (id: number): Message => messageFrom({ ...fresh, id, read_at: null });
    const counted = exchangeBindings(s, sender_id, recipient_id, at);
    const [row, exchange] = await Promise.all([
      s.get<{ id: number }>(
        `with turn as materialized (${connection.writerLock}),
          m as (
            insert into parley.session_messages(${writtenColumns}, scope, origin)
              select ${writtenValues}, $scope, $origin from turn
              where not exists (${isFull("$recipient_id")})
              on conflict (origin) where origin is not null do nothing returning id, recipient_id),
          delivery as (
            insert into parley.deliveries(message_id, session_id)
              select id, recipient_id from m where recipient_id is not null)
        select m.id, pg_notify($hearing, ${messageNotice}) from m`,
        {
          ...fresh,
          ...isFullBindings(s),
          origin: key,
          hearing: connection.channel,
          content: contentOf(messageOf(0)),
          audience: payloadFor(recipient_id === null ? "everyone" : [recipient_id]),
        },
      ),
      s.get<Exchange>(
        `with beat as (${heartbeat}) ${syncAndSignal} ${counted ? `, ${exchanged}` : ""}`,
        { ...heartbeatBindings(sender_id, at), ...counted },
      ),
    ]);
    const written =
      row ??
      (await s.get<{ id: number }>("select id from parley.session_messages where origin = $key", {
        key,
      }));
    if (!written) throw fullMailbox(recipient_id ?? "", s.settings.maxUnread);
    return { message: messageOf(written.id), exceeds: areTooMany(s.settings, counted && exchange) };
  });
}
