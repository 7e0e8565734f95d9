/** Every method of the bus. */
import type { Alert } from "../bus/alert";
import type { Bus } from "../bus/bus";
import { type Actor, requireActor } from "../bus/caller";
import type { Claim } from "../bus/claim";
import { type CleanupResult, cleanUp } from "../bus/cleanup";
import { acknowledge } from "../bus/conflicts";
import { openDashboard, type OpenedDashboard } from "../bus/dashboard";
import { describeSession } from "../bus/describe";
import { allSessionsConfirmed } from "../bus/shared-hosts";
import { openInbox, read } from "../bus/inbox";
import { choice } from "../bus/input";
import type { Lock } from "../bus/lock";
import { claim, lock, release, unlock } from "../bus/locking";
import {
  directedChannels,
  type Message,
  operatorId,
  type SendResult,
  type SentResult,
} from "../bus/message";
import { poll, publish } from "../bus/publish";
import { heartbeat, register, task, unregister } from "../bus/registration";
import { send, sent } from "../bus/send";
import type { RegisterResult, Session, TaskResult, UnregisterResult } from "../bus/session";
import type { Stats } from "../bus/status";
import { cleanStale, type CleanedStale } from "./clean-stale";
import { markDelivered } from "./mark-delivered";
import { beatEvery, type Heartbeat } from "./heartbeat";
import { type BusOptions, LazyBus } from "./open";
import {
  cursorOf,
  limitOf,
  type LockOptions,
  milliseconds,
  type Payload,
  priorityOf,
  type PublishOptions,
  type SessionDescription,
  succeeds,
  type TakeOptions,
  timesOf,
} from "./options";
import { speakingFor } from "./speaker";
import { deliver, type Handler, type SubscribeOptions } from "./subscription";

/**
 * The bus as a program uses it. Every method throws `ParleyError` as the verb of the command line would fail. A
 * `sessionId` that is left out is the session registered last by this object, else the one that the process is or runs
 * in; `"operator"` is the human. Fields of what is returned are those of docs/json.md.
 */
export class SessionMessageBus {
  readonly #door: LazyBus;
  /** Listens on a connection of its own: what is written on one and the same does not wake it. */
  readonly #ear: LazyBus;
  #session: string | null = null;
  #beats = new Set<Heartbeat>();
  #subscriptions = new Map<AbortController, Promise<void>>();

  constructor(
    options: BusOptions,
    private readonly onClose: () => void,
  ) {
    this.#door = new LazyBus(options);
    this.#ear = new LazyBus(options);
  }

  /** Registers this process as a session, or updates it; the session of this bus from now on. */
  async registerSession(description: SessionDescription = {}): Promise<RegisterResult> {
    const { llmVendor, llmModel, projectId, pid = process.pid, ...rest } = description;
    const request = { ...rest, vendor: llmVendor, model: llmModel, project: projectId, pid };
    const result = await register(await this.#door.bus(), request);
    this.#session = result.session.session_id;
    return result;
  }

  /** Sets the current task, or clears it with null; tells whom that collides with. */
  async updateSessionTask(taskId: string | null, sessionId?: string): Promise<TaskResult> {
    return task(await this.#as(sessionId), taskId);
  }

  /** Beats every `interval` seconds until stopped, until the session has ended or the bus is closed. */
  startHeartbeat(interval = 30, sessionId?: string): Heartbeat {
    const every = milliseconds(Math.round(interval * 1000), "interval");
    const beats = beatEvery(every, async () => heartbeat(await this.#as(sessionId)));
    this.#beats.add(beats);
    return beats;
  }

  /** Ends the session: what it holds is free. */
  async unregister(
    reason = "session ended normally",
    sessionId?: string,
  ): Promise<UnregisterResult> {
    const result = await unregister(await this.#as(sessionId), reason);
    if (result.session.session_id === this.#session) this.#session = null;
    return result;
  }

  /** Sessions that are active or idle; with false also the stale, and those found dead in the last 24 hours. */
  async listSessions(activeOnly = true): Promise<Session[]> {
    const living = await this.getCrossLlmStatus();
    if (activeOnly) return living.filter(({ status }) => status === "active" || status === "idle");
    const bus = await this.#door.bus();
    const { found, liveness } = await allSessionsConfirmed(bus);
    return found.map(({ record, holdings }) => describeSession(record, holdings, liveness, bus));
  }

  /** All sessions that have not ended, whoever made their models, with all that is known of them. */
  async getCrossLlmStatus(): Promise<Session[]> {
    return (await this.#picture()).dashboard.sessions;
  }

  async stats(): Promise<Stats> {
    return (await this.#picture()).dashboard.stats;
  }

  /** Sends to a session id or name, `operator`, `holder:PATH`, `task:ID`, or with null to all active sessions. */
  async send(
    recipientId: string | null,
    channel: string,
    payload: Payload,
    senderId?: string,
    priority = 2,
  ): Promise<SendResult> {
    const actor = await this.#actor(senderId);
    return send(await this.#as(senderId), actor, {
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
    return sent(await this.#as(senderId), await this.#actor(senderId));
  }

  /** Publishes to whoever listens. */
  async publish(channel: string, payload: Payload, options: PublishOptions = {}): Promise<Message> {
    const { ttl, priority = 1, messageType: type = "published", senderId } = options;
    const actor = await this.#actor(senderId);
    const { message } = await publish(await this.#as(senderId), actor, {
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
    const bus = speakingFor(await this.#ear.bus(), this.#nameOf(sessionId));
    const ending = new AbortController();
    const running = deliver(bus, {
      channels: typeof channels === "string" ? [channels] : [...channels],
      since: sinceId === undefined ? await bus.store.newestId() : cursorOf(sinceId),
      asOperator: sessionId === operatorId,
      handler,
      signal: ending.signal,
    })
      .catch(onError)
      .finally(() => this.#subscriptions.delete(ending));
    this.#subscriptions.set(ending, running);
    return () => ending.abort();
  }

  /** Published messages of a channel behind a cursor, oldest first; the id of the last is the next cursor. */
  async poll(channel: string, sinceId = 0, limit = 20): Promise<Message[]> {
    const query = { channel, since: cursorOf(sinceId), limit: limitOf(limit), recent: false };
    return (await poll(await this.#door.bus(), query)).messages;
  }

  /** Unread mail, pending first; nothing is marked. */
  async getUnread(recipientId?: string, limit = 50): Promise<Message[]> {
    const query = { channel: null, limit: limitOf(limit), peek: true };
    const actor = await this.#actor(recipientId);
    return (await openInbox(await this.#as(recipientId), actor, query)).result.messages;
  }

  /** Says that a message has been shown to its recipient, or an alert to the operator. False where it was before. */
  async markDelivered(messageId: number, recipientId?: string): Promise<boolean> {
    const { id } = await this.#actor(recipientId);
    return markDelivered(await this.#door.bus(), id, messageId);
  }

  /** Says that its recipient has dealt with a message. False where that was said before; else throws `not_found`. */
  async markRead(messageId: number, recipientId?: string): Promise<boolean> {
    const actor = await this.#actor(recipientId);
    return (await read(await this.#as(recipientId), actor, [messageId])).read.length > 0;
  }

  /** Alerts by priority; with false the newest that are kept, acknowledged ones too. */
  async getOperatorAlerts(unreadOnly = true, limit = 20): Promise<Alert[]> {
    const bus = await this.#door.bus();
    if (unreadOnly) return bus.store.alerts(limitOf(limit), bus.clock.now());
    const query = { channel: "operator_alert", since: 0, limit: limitOf(limit), recent: true };
    return (await poll(bus, query)).messages as Alert[];
  }

  /** Settles these alerts for everybody, or with none named all that concern the session. Returns them. */
  async acknowledge(alertIds: readonly number[] = [], sessionId?: string): Promise<Alert[]> {
    const actor = await this.#actor(sessionId);
    return (await acknowledge(await this.#as(sessionId), actor, [...alertIds])).alerts;
  }

  /** True once the session holds the lock, also where it did before; false where another does. */
  async lockFile(path: string, options: LockOptions = {}): Promise<boolean> {
    const { sessionId, exclusive = false, force = false } = options;
    const bus = await this.#as(sessionId);
    const lockType = exclusive ? "exclusive" : "advisory";
    return succeeds(() => lock(bus, [path], { lockType, force, ...timesOf(options) }));
  }

  /** True where the session held the lock; false where nobody or another does. */
  async unlockFile(path: string, sessionId?: string): Promise<boolean> {
    const bus = await this.#as(sessionId);
    return succeeds(async () => (await unlock(bus, [path])).released.length > 0);
  }

  async getFileLocks(): Promise<Lock[]> {
    return (await this.#picture()).overview.locks;
  }

  /** True once the task is the session's, also where it was before; false where it is another's. */
  async claimTask(taskId: string, sessionId?: string, options: TakeOptions = {}): Promise<boolean> {
    const bus = await this.#as(sessionId);
    return succeeds(() => claim(bus, taskId, timesOf(options)));
  }

  /** True where the task was the session's; false where it is nobody's or another's. */
  async releaseTask(taskId: string, sessionId?: string): Promise<boolean> {
    const bus = await this.#as(sessionId);
    return succeeds(async () => (await release(bus, [taskId])).released.length > 0);
  }

  async getTaskClaims(): Promise<Claim[]> {
    return (await this.#picture()).overview.claims;
  }

  /** Removes what is past its time; so do all who write, a little at a time. */
  async purgeExpired(): Promise<CleanupResult> {
    return (await cleanUp(await this.#door.bus(), { vacuum: false })).result;
  }

  /** Ends the sessions that are dead or stale, and frees what they held. */
  async cleanStale(): Promise<CleanedStale> {
    return cleanStale(speakingFor(await this.#door.bus(), this.#session));
  }

  /** Ends heartbeats and subscriptions and closes the database; the session lives on. */
  async close(): Promise<void> {
    this.onClose();
    for (const beats of this.#beats) beats.stop();
    for (const ending of this.#subscriptions.keys()) ending.abort();
    await Promise.all(this.#subscriptions.values());
    await Promise.all([this.#ear.close(), this.#door.close()]);
  }

  #nameOf(sessionId: string | undefined): string | null {
    return sessionId ?? this.#session;
  }

  async #as(sessionId: string | undefined): Promise<Bus> {
    return speakingFor(await this.#door.bus(), this.#nameOf(sessionId));
  }

  async #actor(sessionId: string | undefined): Promise<Actor> {
    return requireActor(await this.#as(sessionId), sessionId === operatorId);
  }

  /** The whole bus at one moment; nothing is marked. */
  async #picture(): Promise<Pick<OpenedDashboard, "dashboard" | "overview">> {
    return openDashboard(await this.#as(undefined), false, { unread: false, again: true });
  }
}

/** No promise is there to reject: it ends the program as any error that nobody catches. */
function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
