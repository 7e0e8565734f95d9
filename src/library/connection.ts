/** Opens the bus of a program on first use, and finds the session that its methods act for. */
import type { Bus } from "../bus/bus";
import { type Actor, type Caller, findCaller, requireActor, requireSession } from "../bus/caller";
import type { CallerEvidence, Identity } from "../bus/identity";
import { operatorId } from "../bus/message";
import type { SessionRecord } from "../bus/session";
import { ParleyError } from "../bus/errors";
import { type Context, createContext } from "../cli/context";
import { createIo } from "../cli/io";

export interface BusOptions {
  /** The database; otherwise PARLEY_DB, otherwise the data directory. A relative one starts from `cwd`. */
  db?: string;
  /** Used instead of the environment of the process: all `PARLEY_` variables count, as for the command line. */
  env?: Readonly<Record<string, string | undefined>>;
  /** The directory that relative paths start from. */
  cwd?: string;
}

interface OpenBus {
  bus: Bus;
  close(): Promise<void>;
}

/** The adapters as the command line makes them; nothing is opened before `bus` is called. */
export const contextFor = ({ db, env = process.env, cwd = process.cwd() }: BusOptions): Context =>
  createContext({
    io: { ...createIo(), env, cwd },
    db,
    asOperator: false,
    json: true,
    embedded: true,
  });

/** Opens the bus on first use, and again where that has failed. Simultaneous callers share one connection. */
class LazyBus {
  #opening: Promise<OpenBus> | null = null;
  #closed = false;

  constructor(private readonly options: BusOptions) {}

  async bus(): Promise<Bus> {
    if (this.#closed) {
      throw new ParleyError("invalid", "This bus has been closed", {
        hint: "get another with getSessionMessageBus",
      });
    }
    this.#opening ??= open(this.options).catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return (await this.#opening).bus;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#opening?.catch(() => null))?.close();
  }
}

async function open(options: BusOptions): Promise<OpenBus> {
  const context = contextFor(options);
  return { bus: await context.bus("create"), close: async () => context[Symbol.asyncDispose]() };
}

export class Connection {
  /** Id of the session that was registered last by this object and has not been ended by it. */
  sessionId: string | null = null;
  /** The subscriptions that have not ended. */
  readonly running = new Map<AbortController, Promise<void>>();
  readonly #bus: LazyBus;
  /** Subscriptions have a connection of their own: what one connection writes does not wake its own listeners. */
  readonly #subscriptions: LazyBus;

  constructor(options: BusOptions) {
    this.#bus = new LazyBus(options);
    this.#subscriptions = new LazyBus(options);
  }

  bus(): Promise<Bus> {
    return this.#bus.bus();
  }

  subscriptionBus(): Promise<Bus> {
    return this.#subscriptions.bus();
  }

  /** The session of this id or name, else the one of this object, of this process or above it. Throws `not_registered`. */
  session(bus: Bus, sessionId: string | undefined): Promise<SessionRecord> {
    return requireSession(bus, this.#evidence(bus, sessionId));
  }

  /** The same, where `operator` is the human. */
  actor(bus: Bus, sessionId: string | undefined): Promise<Actor> {
    return requireActor(bus, sessionId === operatorId, this.#evidence(bus, sessionId));
  }

  /** The same, for what needs no session. */
  caller(bus: Bus, sessionId?: string): Promise<Caller> {
    return findCaller(bus, sessionId === operatorId, this.#evidence(bus, sessionId));
  }

  async close(): Promise<void> {
    for (const ending of this.running.keys()) ending.abort();
    await Promise.all(this.running.values());
    await Promise.all([this.#subscriptions.close(), this.#bus.close()]);
  }

  #evidence({ identity }: Bus, sessionId: string | undefined): CallerEvidence {
    const session = sessionId ?? this.sessionId;
    return session === null
      ? withItself(identity)
      : { session, ancestors: [], conversation_ids: [], tty: null };
  }
}

/** A command is never its own session, a program may be: its own process comes before all above it. */
function withItself(identity: Identity): CallerEvidence {
  const evidence = identity.callerEvidence();
  const own = evidence.session === null ? identity.ownProcess() : null;
  return own ? { ...evidence, ancestors: [own, ...evidence.ancestors] } : evidence;
}
