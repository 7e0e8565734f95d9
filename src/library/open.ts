/** Opens the bus of a program on first use. */
import type { Bus } from "../bus/bus";
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

interface Connection {
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
export class LazyBus {
  #opening: Promise<Connection> | null = null;
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

async function open(options: BusOptions): Promise<Connection> {
  const context = contextFor(options);
  return { bus: await context.bus("create"), close: async () => context[Symbol.asyncDispose]() };
}
