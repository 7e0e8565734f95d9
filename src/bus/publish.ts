/** Channels: publishing, polling, watching; the feed of all messages, and that of the operator. */
import type { Alert } from "./alert";
import type { Bus } from "./bus";
import { type Actor, livenessNow } from "./caller";
import { ParleyError } from "./errors";
import {
  channelForm,
  type FeedResult,
  type Message,
  operatorId,
  type PublishResult,
  reservedChannels,
} from "./message";
import { objectIn } from "./input";
import { checkedPayload } from "./limits";
import { openInbox } from "./inbox";
import { openWaitLoop } from "./wait-loop";

export interface PublishRequest {
  channel: string;
  /** A JSON object is the payload; any other text becomes `{"message": text}`. */
  text: string;
  /** Milliseconds to live; null: as long as the channel says. */
  ttl: number | null;
  priority: number;
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

const batchSize = 100;

/** Yields messages in order, each once, also continued from the last id shown; the actor's mail is `delivered` when shown. */
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

/** Alerts from this priority on are shown to the human at once. */
const criticalPriority = 3;
/** How many messages, and how many alerts, the operator is shown at once. */
const newsSize = 50;
/** Milliseconds between two checks without a change signal: a killed reader gives up its reservation silently. */
const intervalMs = 1000;

/** Yields the operator's waiting mail and critical alerts, then new ones. An alert comes again once it names another session. */
export async function* operatorNews(
  bus: Bus,
  { duration, signal }: { duration: number | null; signal: AbortSignal },
): AsyncGenerator<WatchedMessage> {
  const until = duration === null ? Number.POSITIVE_INFINITY : bus.clock.now() + duration;
  // An alert that any `status` has shown is `delivered`; what this process has shown only it knows.
  const known = new Set<string>();
  const key = ({ id, expires_at }: Message): string => `${id} ${expires_at}`;
  const alerts = async (): Promise<Alert[]> =>
    (await bus.store.alerts(newsSize, bus.clock.now())).filter(
      ({ priority }) => priority >= criticalPriority,
    );
  for (const alert of await alerts()) if (alert.status !== "pending") known.add(key(alert));
  const loop = await openWaitLoop(bus, { mail: "all", signal });
  try {
    while (!signal.aborted) {
      const news = await loop.next({ until, intervalMs }, readNews);
      if (news === null) return;
      yield* news;
    }
  } finally {
    await loop.stop();
  }

  async function readNews(): Promise<WatchedMessage[] | null> {
    const peek = bus.store.readOnly !== null;
    const query = { channel: null, limit: newsSize, peek, again: true, fresh_from: 0 };
    const inbox = await openInbox(bus, { id: operatorId, record: null }, query);
    const mail = inbox.result.messages
      .filter((message) => !known.has(key(message)))
      .map((message) => ({
        message,
        onShown: () => inbox.onShown("watch", [message.id]),
        onDropped: inbox.onDropped,
      }));
    // Mail that came before and could not be read is left to another reader.
    if (mail.length === 0) await inbox.onDropped();
    const fresh = (await alerts()).filter((alert) => !known.has(key(alert)));
    for (const each of [...fresh, ...mail.map(({ message }) => message)]) known.add(key(each));
    const warnings = fresh.map((message) => ({
      message,
      onShown: async () => {
        if (!bus.store.readOnly) await bus.store.markAlertsDelivered([message.id], bus.clock.now());
      },
      onDropped: async () => {},
    }));
    if (mail.length === newsSize) loop.checkAgain();
    const news = [...warnings, ...mail];
    return news.length > 0 ? news : null;
  }
}
