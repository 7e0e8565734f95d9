/** Asks Codex's daemon which threads it has loaded. */
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

import { objectIn } from "../../bus/input";
import type { ProcessEvidence } from "../../bus/process";
import type { SessionRecord } from "../../bus/session";
import { ownSocket } from "../../agent-wake/socket";
import type { WakeEnvironment } from "../../agent-wake/vendor-waker";
import { codexHome } from "./wake";

/**
 * Whether Codex's daemons have these sessions' threads loaded, by session id (seen in 0.169.0). A thread is loaded while a
 * terminal shows it or a turn of it runs, and for a minute after (`thread_unload_delay_secs`). Missing are sessions of a
 * process that is no daemon, and those whose daemon does not answer within `limit` milliseconds. Never throws.
 */
export async function askDaemons(
  records: readonly SessionRecord[],
  { env }: WakeEnvironment,
  limit: number,
): Promise<ReadonlyMap<string, boolean>> {
  const homes = Map.groupBy(records, (record) => record.agent_home ?? codexHome(env));
  const answers = [...homes].map(async ([home, sessions]) => {
    const own = sessions.filter(({ evidence }) => home !== null && isDaemon(home, evidence));
    const threads = own.length > 0 ? await loadedThreads(home!, limit).catch(() => null) : null;
    return threads ? own.map((each) => [each.session_id, threads.has(each.session_uuid!)]) : [];
  });
  return new Map((await Promise.all(answers)).flat() as [string, boolean][]);
}

/** The home's daemon is this very process: an editor's server has other threads, and pids are used again. */
function isDaemon(home: string, evidence: ProcessEvidence | null): boolean {
  if (evidence === null) return false;
  try {
    const file = readFileSync(join(home, "app-server-daemon", "daemon.pid"), "utf8");
    const { pid, processIdentity } = JSON.parse(file);
    if (pid !== evidence.pid) return false;
    // On other systems Codex and parley count start times in different units.
    if (process.platform !== "linux") return true;
    const { bootId, startTicks } = processIdentity;
    return bootId === evidence.boot_id && String(startTicks) === evidence.start_ticks;
  } catch {
    return false;
  }
}

/** The daemon speaks JSON-RPC by WebSocket. It reports all new threads to a connection, so this one is closed at once. */
async function loadedThreads(home: string, limit: number): Promise<ReadonlySet<string> | null> {
  // There is a link to a socket in a directory for temporary files.
  const link = join(home, "app-server-control", "app-server-control.sock");
  const path = ownSocket(realpathSync(link));
  // In a URL, a path with a space or the like would become another path.
  if (path === null || !/^[\w./-]+$/.test(path)) return null;
  const { promise, resolve } = Promise.withResolvers<ReadonlySet<string> | null>();
  const socket = new WebSocket(`ws+unix://${path}`);
  const send = (message: object): void => socket.send(JSON.stringify(message));
  const giveUp = (): void => resolve(null);
  const timer = setTimeout(giveUp, limit);
  socket.addEventListener("open", () => {
    const clientInfo = { name: "parley", version: "1" };
    send({ id: 1, method: "initialize", params: { clientInfo } });
  });
  socket.addEventListener("message", ({ data }) => {
    const threads = threadsIn(String(data), send);
    if (threads !== undefined) resolve(threads);
  });
  socket.addEventListener("error", giveUp);
  socket.addEventListener("close", giveUp);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.terminate();
  }
}

/** The threads in a message of the daemon; null where it refuses; undefined where more messages are to come. */
function threadsIn(
  text: string,
  send: (message: object) => void,
): ReadonlySet<string> | null | undefined {
  const { id, error, result } = objectIn(text) ?? {};
  if (id === 1 && !error) {
    send({ method: "initialized" });
    send({ id: 2, method: "thread/loaded/list", params: {} });
    return undefined;
  }
  if (id !== 1 && id !== 2) return undefined;
  const list = result as { data?: unknown; nextCursor?: unknown } | undefined;
  // Without a limit the daemon sends all of them at once.
  return Array.isArray(list?.data) && !list.nextCursor ? new Set(list.data.map(String)) : null;
}
