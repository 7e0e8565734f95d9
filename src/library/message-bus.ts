/** The methods of the bus for messages, alerts and subscriptions. */
import type { Alert } from "../bus/alert";
import { acknowledge } from "../bus/conflicts";
import { openInbox, read } from "../bus/inbox";
import { choice } from "../bus/input";
import {
  directedChannels,
  operatorId,
  type Message,
  type SendResult,
  type SentResult,
} from "../bus/message";
import { poll, publish, watch, type WatchQuery } from "../bus/publish";
import { send, sent } from "../bus/send";
import type { Connection } from "./connection";
import { ParleyError } from "../bus/errors";
import type { Bus } from "../bus/bus";
import type { Actor } from "../bus/caller";
import {
  cursorOf,
  limitOf,
  milliseconds,
  type Payload,
  priorityOf,
  type PublishOptions,
} from "./options";

/** Called with one message after the other; the next waits until a promise that it returns is settled. */
export type Handler = (message: Message) => unknown;

export interface SubscribeOptions {
  /** Continues after this id; otherwise from now on. */
  sinceId?: number;
  /** Whose mail comes too; otherwise the session of this bus. */
  sessionId?: string;
  /** Called with the error of the handler or of the database that ended the subscription; otherwise it is thrown. */
  onError?: (error: unknown) => void;
}

export abstract class MessageBus {
  constructor(protected readonly connection: Connection) {}

  /** Sends to a session id or name, `operator`, `holder:PATH`, `task:ID`, or with null to all active sessions. */
  async send(
    recipientId: string | null,
    channel: string,
    payload: Payload,
    senderId?: string,
    priority = 2,
  ): Promise<SendResult> {
    const bus = await this.connection.bus();
    return send(bus, await this.connection.actor(bus, senderId), {
      target: recipientId,
      project: null,
      ...(typeof payload === "string" ? { text: payload, payload: null } : { text: null, payload }),
      channel: choice(channel, "channel", directedChannels),
      priority: priorityOf(priority),
      replyTo: null,
    });
  }

  /** Messages this session sent, newest first, and how many are pending, delivered and read. */
  async getSent(senderId?: string): Promise<SentResult> {
    const bus = await this.connection.bus();
    return sent(bus, await this.connection.actor(bus, senderId));
  }

  /** Publishes a message for all who listen on the channel. */
  async publish(channel: string, payload: Payload, options: PublishOptions = {}): Promise<Message> {
    const { ttl, priority = 1, messageType: type = "published", senderId } = options;
    const bus = await this.connection.bus();
    const { message } = await publish(bus, await this.connection.actor(bus, senderId), {
      channel,
      text: typeof payload === "string" ? payload : JSON.stringify(payload),
      ttl: ttl === undefined ? null : milliseconds(ttl, "ttl"),
      priority: priorityOf(priority),
      type,
    });
    return message;
  }

  /**
   * Hands over what comes on these channels (none named: on all), published or as mail of the session, own messages
   * too, in order; mail is `delivered` once its handler has returned. Keeps the process alive until the function that
   * it returns is called; the handler is not called after that.
   */
  async subscribe(
    channels: string | readonly string[],
    handler: Handler,
    options: SubscribeOptions = {},
  ): Promise<() => void> {
    const { sessionId, sinceId, onError = throwLater } = options;
    const bus = await this.connection.subscriptionBus();
    const ending = new AbortController();
    const query = {
      channels: typeof channels === "string" ? [channels] : [...channels],
      all: false,
      since: sinceId === undefined ? await bus.store.newestId() : cursorOf(sinceId),
      duration: null,
      signal: ending.signal,
    };
    const running = this.connection
      .caller(bus, sessionId)
      .then(({ actor }) => deliver(bus, actor, query, handler))
      .catch(onError)
      .finally(() => this.connection.running.delete(ending));
    this.connection.running.set(ending, running);
    return () => ending.abort();
  }

  /** Published messages of a channel behind a cursor, oldest first; the id of the last is the next cursor. */
  async poll(channel: string, sinceId = 0, limit = 20): Promise<Message[]> {
    const query = { channel, since: cursorOf(sinceId), limit: limitOf(limit), recent: false };
    return (await poll(await this.connection.bus(), query)).messages;
  }

  /** Unread mail, pending first; nothing is marked. */
  async getUnread(recipientId?: string, limit = 50): Promise<Message[]> {
    const query = { channel: null, limit: limitOf(limit), peek: true };
    const bus = await this.connection.bus();
    const actor = await this.connection.actor(bus, recipientId);
    return (await openInbox(bus, actor, query)).result.messages;
  }

  /** Says that a message has been shown to its recipient, or an alert to the operator. False where it was before. */
  async markDelivered(messageId: number, recipientId?: string): Promise<boolean> {
    const bus = await this.connection.bus();
    const { id } = await this.connection.actor(bus, recipientId);
    return markDelivered(bus, id, messageId);
  }

  /** Says that its recipient has dealt with a message. False where that was said before; else throws `not_found`. */
  async markRead(messageId: number, recipientId?: string): Promise<boolean> {
    const bus = await this.connection.bus();
    const actor = await this.connection.actor(bus, recipientId);
    return (await read(bus, actor, [messageId])).read.length > 0;
  }

  /** Alerts by priority; with false the newest that are kept, acknowledged ones too. */
  async getOperatorAlerts(unreadOnly = true, limit = 20): Promise<Alert[]> {
    const bus = await this.connection.bus();
    if (unreadOnly) return bus.store.alerts(limitOf(limit), bus.clock.now());
    const query = { channel: "operator_alert", since: 0, limit: limitOf(limit), recent: true };
    return (await poll(bus, query)).messages as Alert[];
  }

  /** Settles these alerts for everybody, or with none named all that concern the session. Returns them. */
  async acknowledge(alertIds: readonly number[] = [], sessionId?: string): Promise<Alert[]> {
    const bus = await this.connection.bus();
    const actor = await this.connection.actor(bus, sessionId);
    return (await acknowledge(bus, actor, [...alertIds])).alerts;
  }
}

/** No promise is left to reject: the error ends the program like any other that is not caught. */
function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Marks a message as shown to its mailbox, or an alert to the operator. False where it was before. Throws `not_found`. */
async function markDelivered(bus: Bus, mailbox: string, id: number): Promise<boolean> {
  const { store, clock, changeSignal } = bus;
  const [message] = await store.messages([id]);
  if (!message) {
    throw new ParleyError("not_found", `There is no message ${id}`, {
      hint: "it may be past its time; getUnread lists those that wait",
      details: { message_ids: [id] },
    });
  }
  if (mailbox === operatorId && message.channel === "operator_alert") {
    await store.markAlertsDelivered([id], clock.now());
    return message.status === "pending";
  }
  const changed = await store.markDelivered(mailbox, [id], "library", clock.now());
  // Its sender may be waiting for this.
  if (changed.length > 0) changeSignal.notify([message.sender_id]);
  return changed.length > 0;
}

/** Hands over messages until the signal. Mail is `delivered` once its handler returned: after a crash the message comes again. */
async function deliver(
  bus: Bus,
  actor: Actor | null,
  query: WatchQuery,
  handler: Handler,
): Promise<void> {
  const { signal } = query;
  const ended = endOf(signal);
  for await (const { message, onShown } of watch(bus, actor, query)) {
    if (signal.aborted) return;
    const handled = (async () => handler(message))().then(() => true);
    // A handler that closes the bus would otherwise wait for itself.
    if (!(await Promise.race([handled, ended]))) return;
    await onShown();
  }
}

/** Resolves one turn after the signal, so that a handler that ends its subscription and returns has handled its message. */
const endOf = (signal: AbortSignal): Promise<false> =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => setTimeout(() => resolve(false), 0), { once: true });
  });
