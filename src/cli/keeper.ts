import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Identity } from "../bus/identity";
import type { ProcessEvidence } from "../bus/process";

export interface Keeping {
  env: Readonly<Record<string, string | undefined>>;
  dataDirectory: string;
  /** URL of the bus. */
  database: string;
  sessionId: string;
  identity: Identity;
}

/**
 * Starts `heartbeat --watch` for a session, unless one runs already: on other machines only its beats tell that the
 * session lives. It holds none of our streams and no directory, outlives us, and ends with the session's process.
 */
export function keepBeating({ env, dataDirectory, database, sessionId, identity }: Keeping): void {
  const directory = join(dataDirectory, "heartbeats");
  const file = join(directory, `${Bun.hash(database).toString(16)}-${sessionId}`);
  if (isRunning(file, identity)) return;
  const child = Bun.spawn({
    cmd: [...program(), "heartbeat", "--watch", "--session", sessionId],
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
