/** Starts the process that beats for a session. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Identity } from "../bus/identity";
import type { HeartbeatProcess } from "../bus/heartbeat-process";
import type { ProcessEvidence } from "../bus/process";

export interface HeartbeatProcessOptions {
  env: Readonly<Record<string, string | undefined>>;
  dataDirectory: string;
  /** URL of the bus. */
  database: string;
  identity: Identity;
}

/** As `heartbeat --watch` does unless told otherwise. */
const seconds = 30;

export const createHeartbeatProcess = (options: HeartbeatProcessOptions): HeartbeatProcess => ({
  seconds,
  start: (sessionId) => {
    try {
      keepBeating(sessionId, options);
    } catch {
      // No process can be started: the session is shown as stale elsewhere, and ends there when it is silent for long.
    }
  },
});

/** What is started holds none of our streams and no directory, and outlives us. */
function keepBeating(
  sessionId: string,
  { env, dataDirectory, database, identity }: HeartbeatProcessOptions,
): void {
  const directory = join(dataDirectory, "heartbeats");
  const file = join(directory, `${Bun.hash(database).toString(16)}-${sessionId}`);
  if (isRunning(file, identity)) return;
  const child = Bun.spawn({
    cmd: [...program(), "heartbeat", "--watch", "--idle", "--session", sessionId],
    // The URL may hold a password, which arguments would show to everybody.
    env: { ...env, PARLEY_DB: database },
    cwd: "/",
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
  const { evidence } = identity.agent({ pid: child.pid, vendor: "parley" });
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    forgetEnded(directory, identity);
    writeFileSync(file, JSON.stringify(evidence), { mode: 0o600 });
  } catch {
    // Registering again then starts another, which costs no more than its beats.
  }
}

/** A compiled program is one file; run from the sources it is Bun and our entry point. */
const program = (): string[] =>
  /^(\/\$bunfs\/|[A-Z]:[/\\]~BUN)/.test(Bun.main)
    ? [process.execPath]
    : [process.execPath, Bun.main];

function isRunning(file: string, { processes }: Identity): boolean {
  try {
    const evidence: ProcessEvidence | null = JSON.parse(readFileSync(file, "utf8"));
    const state = evidence && processes.state(evidence);
    return state === "running" || state === "stopped";
  } catch {
    return false;
  }
}

function forgetEnded(directory: string, identity: Identity): void {
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    if (!isRunning(file, identity)) rmSync(file, { force: true });
  }
}
