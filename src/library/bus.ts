/** `SessionMessageBus`: the bus as a program uses it. */
import { type CleanupResult, cleanUp } from "../bus/cleanup";
import { openDashboard, type OpenedDashboard, type Stats } from "../bus/status";
import {
  describeSession,
  type RegisterResult,
  type Session,
  type TaskResult,
  type UnregisterResult,
} from "../bus/session";
import { checkedTask, claim, type Claim, release } from "../bus/claim";
import { lock, type Lock, unlock } from "../bus/lock";
import { heartbeat, register, task, unregister } from "../bus/registration";
import { allSessionsConfirmed } from "../bus/shared-hosts";
import { ParleyError } from "../bus/errors";
import { rescue } from "../bus/rescue";
import { MessageBus } from "./message-bus";
import { type BusOptions, Connection } from "./connection";
import {
  type LockOptions,
  milliseconds,
  type SessionDescription,
  succeeds,
  type TakeOptions,
  timesOf,
} from "./options";

/** Heartbeats that go on until stopped, or until the session has ended. */
export interface Heartbeat {
  stop(): void;
}

export interface CleanedStale {
  /** Sessions that ended by this. */
  sessions: string[];
  /** How many of their locks and claims are free. */
  locks: number;
  claims: number;
}

/**
 * The bus as a program uses it. Every method throws `ParleyError` as the verb of the command line would fail. A
 * `sessionId` that is left out is the session registered last by this object, else the one that the process is or runs
 * in; `"operator"` is the human. Fields of what is returned are those of docs/json.md.
 */
export class SessionMessageBus extends MessageBus {
  #heartbeats = new Set<Heartbeat>();

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

  /** Sets the current task, or clears it with null; tells which sessions that collides with. */
  async updateSessionTask(taskId: string | null, sessionId?: string): Promise<TaskResult> {
    const bus = await this.connection.bus();
    return task(bus, await this.connection.session(bus, sessionId), taskId);
  }

  /** Sends heartbeats every `interval` seconds until stopped, the session has ended or the bus is closed. */
  startHeartbeat(interval = 30, sessionId?: string): Heartbeat {
    const intervalMs = milliseconds(Math.round(interval * 1000), "interval");
    const heartbeats = startHeartbeats(intervalMs, async () => {
      const bus = await this.connection.bus();
      return heartbeat(bus, await this.connection.session(bus, sessionId));
    });
    this.#heartbeats.add(heartbeats);
    return heartbeats;
  }

  /** Ends the session and frees what it holds. */
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
    const live = await this.getCrossLlmStatus();
    if (activeOnly) return live.filter(({ status }) => status === "active" || status === "idle");
    const bus = await this.connection.bus();
    const { found, liveness } = await allSessionsConfirmed(bus);
    return found.map(({ record, holdings }) => describeSession(record, holdings, liveness, bus));
  }

  /** All sessions that have not ended, of all vendors, with all that is known about them. */
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

  /** True where the session held the lock; false where another or no session does. */
  async unlockFile(path: string, sessionId?: string): Promise<boolean> {
    const bus = await this.connection.bus();
    const session = await this.connection.session(bus, sessionId);
    return succeeds(async () => (await unlock(bus, session, [path])).released.length > 0);
  }

  async getFileLocks(): Promise<Lock[]> {
    return (await this.#status()).overview.locks;
  }

  /** True once the session has claimed the task, also where it had before; false where another has. */
  async claimTask(taskId: string, sessionId?: string, options: TakeOptions = {}): Promise<boolean> {
    const bus = await this.connection.bus();
    const times = timesOf(options);
    const task_id = checkedTask(taskId);
    const session = await this.connection.session(bus, sessionId);
    return succeeds(() => claim(bus, session, task_id, times));
  }

  /** True where the session had claimed the task; false where another or no session has. */
  async releaseTask(taskId: string, sessionId?: string): Promise<boolean> {
    const bus = await this.connection.bus();
    const session = await this.connection.session(bus, sessionId);
    return succeeds(async () => (await release(bus, session, [taskId])).released.length > 0);
  }

  async getTaskClaims(): Promise<Claim[]> {
    return (await this.#status()).overview.claims;
  }

  /** Removes what is past its time; every process that writes does so too, a little at a time. */
  async purgeExpired(): Promise<CleanupResult> {
    return (await cleanUp(await this.connection.bus(), { vacuum: false })).result;
  }

  /** Ends the sessions that are dead or stale, and frees what they held. */
  async cleanStale(): Promise<CleanedStale> {
    const bus = await this.connection.bus();
    // Whether a session hangs is not even checked.
    const { result } = await rescue(bus, await this.connection.caller(bus), {
      named: [],
      statusOnly: false,
      force: false,
      hungAfter: Number.POSITIVE_INFINITY,
      files: null,
      kill: false,
      confirm: async () => false,
    });
    const ended = result.sessions.filter(({ released }) => released);
    return { sessions: ended.map(({ session_id }) => session_id), ...result.released };
  }

  /** Ends heartbeats and subscriptions and closes the database; the session lives on. */
  async close(): Promise<void> {
    this.onClose();
    for (const heartbeats of this.#heartbeats) heartbeats.stop();
    await this.connection.close();
  }

  /** One consistent picture of the bus; nothing is marked. */
  async #status(): Promise<Pick<OpenedDashboard, "dashboard" | "overview">> {
    const bus = await this.connection.bus();
    return openDashboard(bus, await this.connection.caller(bus), { unread: false, again: true });
  }
}

/** Sends a heartbeat every `intervalMs`. The timer does not keep the process alive. */
function startHeartbeats(intervalMs: number, send: () => Promise<unknown>): Heartbeat {
  const timer = setInterval(() => {
    send().catch((error: unknown) => {
      // A busy or full database is tried again: silence does not end a session whose process is seen to live.
      if (error instanceof ParleyError && error.code !== "not_registered") return;
      clearInterval(timer);
    });
  }, intervalMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
