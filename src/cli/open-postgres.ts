/** Makes the adapters of a bus on a PostgreSQL server, with the background process that sends heartbeats. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { HeartbeatProcess } from "../bus/bus";
import type { Identity } from "../bus/identity";
import { type ProcessEvidence, ownCommand } from "../bus/process";
import type { PostgresOptions } from "../store/postgres/open";
import { openPostgresStore } from "../store/postgres/store";
import { createNoticeSignal } from "../change-signal/postgres-notify";

interface ServerOptions extends PostgresOptions, Omit<HeartbeatProcessOptions, "database"> {
  /** False: changes are found by polling alone. */
  listening: boolean;
  pollMilliseconds: number;
}

/** Loaded only for a bus on a server. */
export async function openServerBus(
  url: string,
  { listening, pollMilliseconds, ...options }: ServerOptions,
) {
  const { store, clock, notices } = await openPostgresStore(url, options);
  const changeCount = (): Promise<number> => store.changeCount();
  const changeSignal = createNoticeSignal({ notices, listening, pollMilliseconds, changeCount });
  const heartbeatProcess = createHeartbeatProcess({ ...options, database: url });
  return { store, clock, changeSignal, heartbeatProcess };
}

interface HeartbeatProcessOptions {
  env: Readonly<Record<string, string | undefined>>;
  dataDirectory: string;
  /** URL of the bus. */
  database: string;
  identity: Identity;
}

/** The default interval of `heartbeat --watch`. */
const seconds = 30;

const createHeartbeatProcess = (options: HeartbeatProcessOptions): HeartbeatProcess => ({
  seconds,
  start: (sessionId) => {
    try {
      spawnOnce(sessionId, options);
    } catch {
      // Without the process other machines show the session as stale, and end it after a long silence.
    }
  },
});

/** Starts a detached process that holds none of our streams and no directory. */
function spawnOnce(
  sessionId: string,
  { env, dataDirectory, database, identity }: HeartbeatProcessOptions,
): void {
  const directory = join(dataDirectory, "heartbeats");
  const file = join(directory, `${Bun.hash(database).toString(16)}-${sessionId}`);
  if (isRunning(file, identity)) return;
  const child = Bun.spawn({
    cmd: [...ownCommand(), "heartbeat", "--watch", "--idle", "--session", sessionId],
    // The URL may hold a password, and every user can read the arguments of a process.
    env: { ...env, PARLEY_DB: database },
    cwd: "/",
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
  const { evidence } = identity.agent({ pid: child.pid, vendor: "parley" });
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    removeEnded(directory, identity);
    writeFileSync(file, JSON.stringify(evidence), { mode: 0o600 });
  } catch {
    // The next registration then starts a second process, which costs only its heartbeats.
  }
}

function isRunning(file: string, { processes }: Identity): boolean {
  try {
    const evidence: ProcessEvidence | null = JSON.parse(readFileSync(file, "utf8"));
    const state = evidence && processes.state(evidence);
    return state === "running" || state === "stopped";
  } catch {
    return false;
  }
}

function removeEnded(directory: string, identity: Identity): void {
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    if (!isRunning(file, identity)) rmSync(file, { force: true });
  }
}
