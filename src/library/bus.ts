/** `SessionMessageBus`: the bus as a program uses it. */
import { checkedTask, type Claim } from "../bus/claim";
import { type CleanupResult, cleanUp } from "../bus/cleanup";
import { openDashboard, type OpenedDashboard } from "../bus/dashboard";
import { describeSession } from "../bus/describe";
import type { Lock } from "../bus/lock";
import { claim, lock, release, unlock } from "../bus/locking";
import { heartbeat, register, task, unregister } from "../bus/registration";
import type { RegisterResult, Session, TaskResult, UnregisterResult } from "../bus/session";
import { allSessionsConfirmed } from "../bus/shared-hosts";
import type { Stats } from "../bus/status";
import { cleanStale, type CleanedStale } from "./clean-stale";
import { Connection } from "./connection";
import { beatEvery, type Heartbeat } from "./heartbeat";
import { MessageBus } from "./message-bus";
import type { BusOptions } from "./open";
import {
  type LockOptions,
  milliseconds,
  type SessionDescription,
  succeeds,
  type TakeOptions,
  timesOf,
} from "./options";

/**
 * The bus as a program uses it. Every method throws `ParleyError` as the verb of the command line would fail. A
 * `sessionId` that is left out is the session registered last by this object, else the one that the process is or runs
 * in; `"operator"` is the human. Fields of what is returned are those of docs/json.md.
 */
export class SessionMessageBus extends MessageBus {
  #beats = new Set<Heartbeat>();

  constructor(
    options: BusOptions,
    private readonly onClose: () => void,
  ) {
    super(new Connection(options));
  }

  /** Registers this process as a session, or updates it; the session of this bus from now on. */
  async registerSession(description: SessionDescription = {}): Promise<RegisterResult> {
    const { llmVendor, llmModel, projectId, pid = process.pid, ...rest } = description;
    const request = { ...rest, vendor: llmVendor, model: llmModel, project: projectId, pid };
    const result = await register(await this.connection.bus(), request);
    this.connection.sessionId = result.session.session_id;
    return result;
  }

  /** Sets the current task, or clears it with null; tells whom that collides with. */
  async updateSessionTask(taskId: string | null, sessionId?: string): Promise<TaskResult> {
    const bus = await this.connection.bus();
    return task(bus, await this.connection.session(bus, sessionId), taskId);
  }

  /** Beats every `interval` seconds until stopped, until the session has ended or the bus is closed. */
  startHeartbeat(interval = 30, sessionId?: string): Heartbeat {
    const every = milliseconds(Math.round(interval * 1000), "interval");
    const beats = beatEvery(every, async () => {
      const bus = await this.connection.bus();
      return heartbeat(bus, await this.connection.session(bus, sessionId));
    });
    this.#beats.add(beats);
    return beats;
  }

  /** Ends the session: what it holds is free. */
  async unregister(
    reason = "session ended normally",
    sessionId?: string,
  ): Promise<UnregisterResult> {
    const bus = await this.connection.bus();
    const result = await unregister(bus, await this.connection.session(bus, sessionId), reason);
    if (result.session.session_id === this.connection.sessionId) this.connection.sessionId = null;
    return result;
  }

  /** Sessions that are active or idle; with false also the stale, and those found dead in the last 24 hours. */
  async listSessions(activeOnly = true): Promise<Session[]> {
    const living = await this.getCrossLlmStatus();
    if (activeOnly) return living.filter(({ status }) => status === "active" || status === "idle");
    const bus = await this.connection.bus();
    const { found, liveness } = await allSessionsConfirmed(bus);
    return found.map(({ record, holdings }) => describeSession(record, holdings, liveness, bus));
  }

  /** All sessions that have not ended, whoever made their models, with all that is known of them. */
  async getCrossLlmStatus(): Promise<Session[]> {
    return (await this.#status()).dashboard.sessions;
  }

  async stats(): Promise<Stats> {
    return (await this.#status()).dashboard.stats;
  }

  /** True once the session holds the lock, also where it did before; false where another does. */
  async lockFile(path: string, options: LockOptions = {}): Promise<boolean> {
    const { sessionId, exclusive = false, force = false } = options;
    const bus = await this.connection.bus();
    const lockType = exclusive ? "exclusive" : "advisory";
    const request = { lockType, force, ...timesOf(options) } as const;
    const session = await this.connection.session(bus, sessionId);
    return succeeds(() => lock(bus, session, [path], request));
  }

  /** True where the session held the lock; false where nobody or another does. */
  async unlockFile(path: string, sessionId?: string): Promise<boolean> {
    const bus = await this.connection.bus();
    const session = await this.connection.session(bus, sessionId);
    return succeeds(async () => (await unlock(bus, session, [path])).released.length > 0);
  }

  async getFileLocks(): Promise<Lock[]> {
    return (await this.#status()).overview.locks;
  }

  /** True once the task is the session's, also where it was before; false where it is another's. */
  async claimTask(taskId: string, sessionId?: string, options: TakeOptions = {}): Promise<boolean> {
    const bus = await this.connection.bus();
    const times = timesOf(options);
    const task_id = checkedTask(taskId);
    const session = await this.connection.session(bus, sessionId);
    return succeeds(() => claim(bus, session, task_id, times));
  }

  /** True where the task was the session's; false where it is nobody's or another's. */
  async releaseTask(taskId: string, sessionId?: string): Promise<boolean> {
    const bus = await this.connection.bus();
    const session = await this.connection.session(bus, sessionId);
    return succeeds(async () => (await release(bus, session, [taskId])).released.length > 0);
  }

  async getTaskClaims(): Promise<Claim[]> {
    return (await this.#status()).overview.claims;
  }

  /** Removes what is past its time; so do all who write, a little at a time. */
  async purgeExpired(): Promise<CleanupResult> {
    return (await cleanUp(await this.connection.bus(), { vacuum: false })).result;
  }

  /** Ends the sessions that are dead or stale, and frees what they held. */
  async cleanStale(): Promise<CleanedStale> {
    const bus = await this.connection.bus();
    return cleanStale(bus, await this.connection.caller(bus));
  }

  /** Ends heartbeats and subscriptions and closes the database; the session lives on. */
  async close(): Promise<void> {
    this.onClose();
    for (const beats of this.#beats) beats.stop();
    await this.connection.close();
  }

  /** One consistent picture of the bus; nothing is marked. */
  async #status(): Promise<Pick<OpenedDashboard, "dashboard" | "overview">> {
    const bus = await this.connection.bus();
    return openDashboard(bus, await this.connection.caller(bus), { unread: false, again: true });
  }
}
