/** The composition root: makes the adapters. */
import { join, resolve } from "node:path";

import type { Bus } from "../bus/bus";
import type { Clock } from "../bus/clock";
import type { DatabaseReport, Repair } from "../bus/doctor";
import type { FaultLog } from "../bus/hook-log";
import { ParleyError, type Warning } from "../bus/errors";
import type { Identity } from "../bus/identity";
import type { SessionLog } from "../bus/log";
import type { MigrationResult } from "../bus/migration";
import type { Message } from "../bus/message";
import type { PreferenceFile } from "../bus/preferences";
import type { Schedule } from "../bus/schedule";
import type { NewFiles } from "../bus/rescue";
import { settingsFrom } from "../bus/settings";
import type { Dashboard } from "../bus/status";
import type { StoreOptions } from "../bus/store";
import { createIdentity } from "../identity/identity";
import { createSharedHosts } from "../agent-wake/shared-hosts";
import { createAgentWaker } from "../agent-wake/agent-wake";
import { createPreferenceFile } from "../files/preferences";
import { createSessionLog } from "../files/session-log";
import { openSqliteStore } from "../store/sqlite/store";
import { createChangeSignal, type SignalMode, signalModes } from "../change-signal/change-signal";
import { type Io, isTerminal } from "./io";
import { seedNames } from "./aliases";
import {
  signalDirectory,
  dataDirectory,
  homeDirectory,
  isServerUrl,
  logRoot,
  messagingDatabasePath,
} from "./paths";
import type { Version } from "./version";

/** What a verb is given. Adapters are made on first use, so a verb pays only for what it touches. */
export interface Context extends AsyncDisposable {
  io: Io;
  clock: Clock;
  identity: Identity;
  log: SessionLog;
  /** The human at the machine acts, not a session (`--as operator`). */
  asOperator: boolean;
  /** `create`: a missing database is made. Otherwise it is `not_found`; `read` also works on read-only media. `giveUpAt`: see `StoreOptions`. */
  bus(mode: StoreOptions["mode"], giveUpAt?: number): Promise<Bus>;
  /** Closes the bus and opens what its path names now. */
  reopened(mode: StoreOptions["mode"]): Promise<Bus>;
  /** What is to be said of the bus that was opened, whatever the verb. */
  warnings(): Promise<Warning[]>;
  /** The dashboard as the session log keeps it. */
  dashboardText(dashboard: Dashboard, at: Date): Promise<string>;
  /** Asks the human at the terminal a yes-or-no question; null where there is none, or with `--json`. */
  readonly ask: ((question: string) => Promise<boolean>) | null;
  /** A directory, made where it is missing, that takes new private files. */
  newFiles(directory: string): Promise<NewFiles>;
  /** The machine's own timers, for this binary and this database. */
  schedule(): Promise<Schedule>;
  /** What the user has chosen for the integration with agents. */
  preferences(): PreferenceFile;
  /** Another of the same making, with adapters of its own: for what runs long, and opens the bus for each thing it does. */
  anew(): Context;
  /** Where things are, and what the program may be called. Throws `not_permitted` where there is no home. */
  places(): Places;
  /** What the database file is, found without changing it. */
  inspectDatabase(): Promise<DatabaseReport>;
  /** Puts a new database with what could be read in the place of a damaged one. Null where it is not damaged. */
  repairDatabase(): Promise<Repair | null>;
  version(): Promise<Version>;
  /** Where hooks note what went wrong. */
  faults(): Promise<FaultLog>;
  /** Copies the bus in a file to one on a server. */
  migrate(from: string, to: string): Promise<MigrationResult>;
  /** Tells the human at the machine of a message, outside of our output; true where there was a way. Never throws. */
  notify(message: Message): Promise<boolean>;
  /**
   * Runs a command with our streams and signals, and returns its exit code. With `admit`, which is given its pid, it begins
   * only then, as the session that is returned.
   */
  runCommand(command: readonly string[], admit?: (pid: number) => Promise<string>): Promise<number>;
}

/** Absolute paths, except the names. */
interface Places {
  home: string;
  /** Where parley keeps what is its own. */
  data: string;
  /** Root of the session logs. */
  logs: string;
  /** The seeds' names, by which the program runs one verb. */
  names: readonly string[];
}

export interface ContextOptions {
  io: Io;
  db?: string | undefined;
  session?: string | undefined;
  asOperator: boolean;
  /** Stdout is kept for our one line of JSON: a command that is run writes to stderr instead. */
  json: boolean;
  /** Inside another program, which cannot be started as ours: nothing is left running in the background. */
  embedded?: boolean;
}

/** The composition root: the only place that knows concrete adapters. */
export function createContext(options: ContextOptions): Context {
  const { io, db, session, asOperator, json, embedded } = options;
  const { env, cwd } = io;
  const identity = createIdentity({
    env,
    cwd,
    get dataDirectory() {
      return dataDirectory(env);
    },
    session: session ?? (env["PARLEY_SESSION"] || null),
    acrossMachines: isServerUrl(db || env["PARLEY_DB"] || ""),
  });
  const clock = { now: () => Date.now() };
  let bus: Promise<Bus> | null = null;
  let stopWatching = async (): Promise<void> => {};

  async function open(mode: StoreOptions["mode"], giveUpAt?: number): Promise<Bus> {
    const path = messagingDatabasePath(env, db, cwd);
    const settings = settingsFrom(env);
    const waking = wakeMode(env["PARLEY_WAKE"]);
    const pollMilliseconds = pollInterval(env["PARLEY_POLL_MS"]);
    const agentWaker = createAgentWaker({
      env,
      preferences: () => createPreferenceFile(dataDirectory(env)).read(),
    });
    const sharedHosts = createSharedHosts({ env });
    if (isServerUrl(path)) {
      const { openServerBus } = await import("./open-postgres");
      const { heartbeatProcess, ...opened } = await openServerBus(path, {
        ...{ mode, settings, pollMilliseconds },
        ...(giveUpAt === undefined ? {} : { giveUpAt }),
        schema: env["PARLEY_SCHEMA"],
        ...{ env, identity, dataDirectory: dataDirectory(env) },
        listening: waking !== "poll",
        machineUuid: () => identity.machine().machine_uuid,
      });
      stopWatching = opened.changeSignal.close;
      const ports = { identity, agentWaker, sharedHosts, settings };
      return { ...opened, ...ports, ...(embedded ? {} : { heartbeatProcess }) };
    }
    const store = await openSqliteStore(path, {
      mode,
      settings,
      ...(giveUpAt === undefined ? {} : { giveUpAt }),
    });
    const changeSignal = createChangeSignal({
      directory: signalDirectory(path),
      database: path,
      mode: waking,
      pollMilliseconds,
      changeCount: () => store.changeCount(),
    });
    stopWatching = changeSignal.close;
    return { store, identity, clock, changeSignal, agentWaker, sharedHosts, settings };
  }

  /** An answer is not worth less for a database that will not close. */
  async function close(): Promise<void> {
    const opened = await bus?.catch(() => null);
    await stopWatching().catch(() => {});
    await opened?.store.close().catch(() => {});
  }

  return {
    io,
    clock,
    identity,
    asOperator,
    log: createSessionLog({
      get root() {
        return logRoot(env);
      },
      machineUuid: () => identity.machine().machine_uuid,
    }),
    [Symbol.asyncDispose]: close,
    bus: (mode, giveUpAt) => (bus ??= open(mode, giveUpAt)),
    reopened: async (mode) => {
      await close();
      bus = open(mode);
      return bus;
    },
    warnings: async () => {
      const why = (await bus?.catch(() => null))?.store.readOnly ?? null;
      if (why === null) return [];
      const message = `the database is only read, since ${why}: nothing was marked as shown`;
      return [{ code: "read_only", message }];
    },
    get ask() {
      if (json || !isTerminal(0) || !isTerminal(2)) return null;
      return async (question: string) => (await import("./confirm")).confirm(io, question);
    },
    newFiles: async (directory) => {
      const { createNewFiles } = await import("../files/export");
      return createNewFiles(resolve(cwd, directory));
    },
    schedule: async () => {
      const { createSchedule } = await import("../schedule/schedule");
      return createSchedule({ env, database: messagingDatabasePath(env, db, cwd) });
    },
    preferences: () => createPreferenceFile(dataDirectory(env)),
    anew: () => createContext(options),
    places: () => ({
      home: homeDirectory(env),
      data: dataDirectory(env),
      logs: logRoot(env),
      names: seedNames,
    }),
    inspectDatabase: async () => {
      const { inspectDatabase } = await import("../store/sqlite/inspect");
      const path = messagingDatabasePath(env, db, cwd);
      if (isServerUrl(path)) {
        const { inspectServer } = await import("../store/postgres/inspect");
        return inspectServer(path, {
          settings: settingsFrom(env),
          schema: env["PARLEY_SCHEMA"],
          machineUuid: () => identity.machine().machine_uuid,
        });
      }
      return inspectDatabase(path, db || env["PARLEY_DB"] ? null : dataDirectory(env));
    },
    repairDatabase: async () => {
      const { repairDatabase } = await import("../store/sqlite/repair");
      const path = messagingDatabasePath(env, db, cwd);
      return repairDatabase(path, db || env["PARLEY_DB"] ? null : dataDirectory(env));
    },
    version: async () => (await import("./version")).version(),
    faults: async () => {
      const { createHookLog: createFaultLog } = await import("../files/hook-log");
      return createFaultLog(join(dataDirectory(env), "hook.log"));
    },
    migrate: async (from, to) => {
      const { migrate } = await import("./migration");
      return migrate(messagingDatabasePath(env, from, cwd), messagingDatabasePath(env, to, cwd), {
        settings: settingsFrom(env),
        schema: env["PARLEY_SCHEMA"],
        machineUuid: () => identity.machine().machine_uuid,
      });
    },
    notify: async (message) => (await import("./notify")).notify(io, message),
    runCommand: async (command, admit) =>
      (await import("./run-command")).runCommand(command, json, admit),
    dashboardText: async (dashboard, at) => {
      const { dashboardEntry } = await import("../render/log-entry");
      const { authorName } = await import("../bus/journal");
      const own = dashboard.sessions.find((each) => each.session_id === dashboard.this_session);
      return dashboardEntry(dashboard, at, {
        author: authorName(own ? { vendor: own.llm_vendor, model: own.llm_model } : null),
        home: env["HOME"] ?? null,
      });
    },
  };
}

function wakeMode(text: string | undefined): SignalMode {
  const mode = signalModes.find((each) => each === (text || "auto"));
  if (mode) return mode;
  throw new ParleyError("invalid", `PARLEY_WAKE is ${JSON.stringify(text)}`, {
    hint: `use one of ${signalModes.join(", ")}`,
  });
}

/** The seeds' 250 ms (R242) unless PARLEY_POLL_MS says otherwise. */
function pollInterval(text: string | undefined): number {
  const milliseconds = Number(text);
  return text && Number.isFinite(milliseconds) && milliseconds >= 1 ? milliseconds : 250;
}
