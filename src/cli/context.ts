/** The composition root: makes the adapters, and the context that a verb is given. */
import type { Bus } from "../bus/bus";
import type { Clock } from "../bus/clock";
import { ParleyError, type Warning } from "../bus/errors";
import type { Identity } from "../bus/identity";
import type { PreferenceFile } from "../bus/preferences";
import { settingsFrom, type StoreOptions } from "../bus/settings";
import { createIdentity } from "../identity/identity";
import { agentKinds, agents } from "../agents/agents";
import { createAgentWaker, createSharedHosts } from "../agent-wake/agent-wake";
import { createPreferenceFile } from "../files/preferences";
import { openSqliteStore } from "../store/sqlite/database";
import { createChangeSignal, type SignalMode, signalModes } from "../change-signal/change-signal";
import type { Io } from "./io";
import { isServerUrl, type Paths, pathsFor, signalDirectory } from "./paths";

/** What the loop gives to a verb. Adapters are made on first use, so that a verb pays only for those that it uses. */
export interface Context extends AsyncDisposable {
  io: Io;
  /** The answer is one line of JSON, and nothing else may be written to stdout. */
  json: boolean;
  clock: Clock;
  paths: Paths;
  identity: Identity;
  /** The human at the machine acts, not a session (`--as operator`). */
  asOperator: boolean;
  /**
   * Opens the bus once. `create`: a missing database is made. Otherwise it is `not_found`; `read` also works on read-only
   * media. `giveUpAt`: see `StoreOptions`. Disposing closes the bus; the next call opens what its path names then.
   */
  bus(mode: StoreOptions["mode"], giveUpAt?: number): Promise<Bus>;
  /** What the user has chosen for the integration with agents. */
  preferences(): PreferenceFile;
  /** Warnings about the bus that was opened, whatever the verb. */
  warnings(): Promise<Warning[]>;
  /** A context of the same options with adapters of its own, for a verb that runs long and opens the bus only briefly. */
  another(): Context;
}

export interface ContextOptions {
  io: Io;
  db?: string | undefined;
  session?: string | undefined;
  asOperator: boolean;
  json: boolean;
  /** The process is another program's, which cannot be started as parley: no background process is started. */
  embedded?: boolean;
}

/** Makes the context. Adapters of the bus are chosen here alone. */
export function createContext(options: ContextOptions): Context {
  const { io, db, session, asOperator, json, embedded } = options;
  const { env, cwd } = io;
  const paths = pathsFor(env, cwd, db);
  const identity = createIdentity({
    env,
    agents,
    cwd,
    get dataDirectory() {
      return paths.data;
    },
    session: session ?? (env["PARLEY_SESSION"] || null),
    acrossMachines: isServerUrl(db || env["PARLEY_DB"] || ""),
  });
  const clock = { now: () => Date.now() };
  let bus: Promise<Bus> | null = null;
  let stopListening = async (): Promise<void> => {};

  async function open(mode: StoreOptions["mode"], giveUpAt?: number): Promise<Bus> {
    const path = paths.database;
    const settings = settingsFrom(env);
    const opening = { mode, settings, ...(giveUpAt === undefined ? {} : { giveUpAt }) };
    const signalMode = parseSignalMode(env["PARLEY_WAKE"]);
    const pollMilliseconds = pollInterval(env["PARLEY_POLL_MS"]);
    const agentWaker = createAgentWaker({
      env,
      agents,
      preferences: () => createPreferenceFile(paths.data).read(),
    });
    const sharedHosts = createSharedHosts({ env, agents });
    if (isServerUrl(path)) {
      const { openServerBus } = await import("./open-postgres");
      const { heartbeatProcess, ...opened } = await openServerBus(path, {
        ...{ ...opening, pollMilliseconds },
        schema: env["PARLEY_SCHEMA"],
        ...{ env, identity, dataDirectory: paths.data },
        listening: signalMode !== "poll",
        machineUuid: () => identity.machine().machine_uuid,
      });
      stopListening = opened.changeSignal.close;
      const ports = { identity, agentWaker, sharedHosts, agentKinds, settings };
      return { ...opened, ...ports, ...(embedded ? {} : { heartbeatProcess }) };
    }
    const store = await openSqliteStore(path, opening);
    const changeSignal = createChangeSignal({
      directory: signalDirectory(path),
      database: path,
      mode: signalMode,
      pollMilliseconds,
      changeCount: () => store.changeCount(),
    });
    stopListening = changeSignal.close;
    return { store, identity, clock, changeSignal, agentWaker, sharedHosts, agentKinds, settings };
  }

  /** Never throws: the answer is valid even if the database cannot be closed. */
  async function close(): Promise<void> {
    const opened = await bus?.catch(() => null);
    bus = null;
    await stopListening().catch(() => {});
    await opened?.store.close().catch(() => {});
  }

  return {
    io,
    json,
    clock,
    paths,
    identity,
    asOperator,
    [Symbol.asyncDispose]: close,
    bus: (mode, giveUpAt) => (bus ??= open(mode, giveUpAt)),
    preferences: () => createPreferenceFile(paths.data),
    warnings: async () => {
      const why = (await bus?.catch(() => null))?.store.readOnly ?? null;
      if (why === null) return [];
      const message = `the database is only read, since ${why}: nothing was marked as shown`;
      return [{ code: "read_only", message }];
    },
    another: () => createContext(options),
  };
}

function parseSignalMode(text: string | undefined): SignalMode {
  const mode = signalModes.find((each) => each === (text || "auto"));
  if (mode) return mode;
  throw new ParleyError("invalid", `PARLEY_WAKE is ${JSON.stringify(text)}`, {
    hint: `use one of ${signalModes.join(", ")}`,
  });
}

/** PARLEY_POLL_MS, or the seeds' 250 ms (R242). */
function pollInterval(text: string | undefined): number {
  const milliseconds = Number(text);
  return text && Number.isFinite(milliseconds) && milliseconds >= 1 ? milliseconds : 250;
}
