/** Channels: publishing, polling, watching, and the feed of all messages. */
import type { Bus } from "./bus";
import { type Actor, livenessNow } from "./caller";
import { ParleyError } from "./errors";
import {
  channelForm,
  type FeedResult,
  type Message,
  type PublishResult,
  reservedChannels,
} from "./message";
import { objectIn } from "./input";
import { checkedPayload } from "./limits";
import { openWaitLoop } from "./wait-loop";

export interface PublishRequest {
  channel: string;
  /** A JSON object is the payload; any other text becomes `{"message": text}`. */
  text: string;
  /** Milliseconds to live; null: as long as the channel says. */
  ttl: number | null;
  priority: number;
  /** The message type. */
  type: string;
}

/** Writes a message for all listeners of a channel. Throws `invalid` for a reserved or malformed channel and a bad text. */
export async function publish(
  bus: Bus,
  actor: Actor,
  request: PublishRequest,
): Promise<PublishResult> {
  const channel = checkedChannel(request.channel);
  if ((reservedChannels as readonly string[]).includes(channel)) {
    throw new ParleyError("invalid", `${channel} is written by parley alone`, {
      hint: "publish on another channel, such as state or coordination",
    });
  }
  const payload = objectIn(request.text);
  checkedPayload({ text: payload ? null : request.text, payload }, actor.id);
  const message = await bus.store.publishMessage(
    {
      sender_id: actor.id,
      sender_session_uuid: actor.record?.session_uuid ?? null,
      channel,
      payload: payload ?? { message: request.text },
      message_type: request.type,
      priority: request.priority,
      project_id: actor.record?.project_id ?? null,
      task_id: actor.record?.task_id ?? null,
      ttl: request.ttl,
    },
    livenessNow(bus),
  );
  if (!bus.store.announces) bus.changeSignal.notify("everyone");
  return { message };
}

function checkedChannel(channel: string): string {
  if (channelForm.test(channel)) return channel;
  throw new ParleyError("invalid", `${JSON.stringify(channel)} is no channel`, {
    hint: "use up to 64 letters, digits, dots, colons, dashes and underscores, beginning with a letter or digit",
  });
}

/** Undirected messages of a channel after a cursor, or its newest ones; and the next cursor. */
export async function poll(
  bus: Bus,
  query: { channel: string; since: number; limit: number; recent: boolean },
): Promise<FeedResult> {
  const { since, limit, recent } = query;
  const filter = { channels: [checkedChannel(query.channel)], directed: null, limit };
  const at = bus.clock.now();
  const messages = recent
    ? await bus.store.recentMessages(filter, at)
    : await bus.store.messagesAfter({ ...filter, since }, at);
  return { messages, cursor: messages.at(-1)?.id ?? since };
}

/** All messages, in the order of their ids: those after a cursor, or the newest. */
export async function feed(bus: Bus, since: number | null, limit: number): Promise<FeedResult> {
  const filter = { channels: null, directed: "all" as const, limit };
  const at = bus.clock.now();
  const messages =
    since === null
      ? await bus.store.recentMessages(filter, at)
      : await bus.store.messagesAfter({ ...filter, since }, at);
  return { messages, cursor: messages.at(-1)?.id ?? since ?? (await bus.store.newestId()) };
}

export interface WatchQuery {
  /** Undirected messages of these channels only; empty: of all. */
  channels: string[];
  /** The mail of all sessions too, as `feed` shows it. */
  all: boolean;
  /** The cursor to go on from; null: from now on. */
  since: number | null;
  /** Milliseconds after which it ends; null: never. */
  duration: number | null;
  signal: AbortSignal;
}

export interface WatchedMessage {
  message: Message;
  /** To be called once the bytes have reached a reader. */
  onShown: () => Promise<void>;
  /** To be called where they could not be read; missing where nothing was reserved. */
  onDropped?: () => Promise<void>;
}

/** How many messages are read at once. */
const batchSize = 100;

/**
 * Yields messages as they come, each once and in order, and the actor's mail, which becomes `delivered` when it is shown.
 * Continued from the id of the last message shown, it misses and repeats nothing.
 */
export async function* watch(
  bus: Bus,
  actor: Actor | null,
  query: WatchQuery,
): AsyncGenerator<WatchedMessage> {
  const { all, duration, signal } = query;
  const channels = query.channels.length > 0 ? query.channels.map(checkedChannel) : null;
  const mailbox = actor?.id ?? null;
  const directed = all ? "all" : mailbox === null ? null : { to: mailbox };
  const until = duration === null ? Number.POSITIVE_INFINITY : bus.clock.now() + duration;
  let cursor = query.since ?? (await bus.store.newestId());
  const loop = await openWaitLoop(bus, { mail: directed, signal });
  try {
    while (!signal.aborted) {
      const messages = await loop.next({ until }, async () => {
        const found = await bus.store.messagesAfter(
          { since: cursor, limit: batchSize, channels, directed, following: true },
          bus.clock.now(),
        );
        return found.length > 0 ? found : null;
      });
      if (messages === null) return;
      if (messages.length === batchSize) loop.checkAgain();
      for (const message of messages) {
        const own =
          mailbox !== null && message.recipient_id === mailbox && message.status === "pending";
        yield {
          message,
          onShown: async () => {
            if (!own || bus.store.readOnly) return;
            await bus.store.markDelivered(mailbox, [message.id], "watch", bus.clock.now());
            bus.changeSignal.notify([message.sender_id]);
          },
        };
        cursor = message.id;
      }
    }
  } finally {
    await loop.stop();
  }
}
