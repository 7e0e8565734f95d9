import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import type { SessionRecord } from "../bus/session";
import { accepted, failed, held, refused, type Surroundings, type VendorReach } from "./vendor";

const by = "claude socket";

/**
 * Claude Code listens at a socket that it names in `sessions/PID.json` of its configuration directory, and takes a line of
 * JSON there for a message to its session (seen in 2.1.329). It answers nothing: that it has begun a turn is what its hook
 * tells.
 */
export const claudeReach = (around: Surroundings): VendorReach => ({
  wayTo(record) {
    const home = homeOf(record, around);
    if (home === null || socketOf(record, home) === null) return null;
    const inbound = inboundOf(home);
    return inbound === "refuse" ? null : { by, held: isHeld(record, inbound) };
  },
  async ring(record, text, signal) {
    const home = homeOf(record, around);
    const inbound = home === null ? null : inboundOf(home);
    // It would drop the line without a word.
    if (inbound === "refuse") return refused("its settings refuse messages of other processes");
    const socket = home === null ? null : socketOf(record, home);
    if (socket === null) return failed("its session file names no socket of ours");
    await send(socket, `${JSON.stringify(lineOf(text))}\n`, signal);
    return isHeld(record, inbound) ? held : accepted;
  },
});

const lineOf = (content: string): object => ({ type: "user", message: { role: "user", content } });

function homeOf({ agent_home }: SessionRecord, { env }: Surroundings): string | null {
  if (agent_home !== null) return agent_home;
  return env["CLAUDE_CONFIG_DIR"] || (env["HOME"] ? join(env["HOME"], ".claude") : null);
}

/**
 * The socket of this very session: its file must speak of the same process and conversation, since pids and files outlive
 * what they were made for, and it must be ours, since anybody may make one in a shared directory.
 */
function socketOf({ pid, session_uuid, evidence }: SessionRecord, home: string): string | null {
  const file = objectIn(join(home, "sessions", `${pid}.json`));
  if (pid === null || file["pid"] !== pid || file["sessionId"] !== session_uuid) return null;
  const started = file["procStart"];
  if (evidence && typeof started === "string" && /^\d+$/.test(evidence.start_ticks)) {
    if (started !== evidence.start_ticks) return null;
  }
  const path = file["messagingSocketPath"];
  if (typeof path !== "string") return null;
  const socket = statSync(path, { throwIfNoEntry: false });
  const own = socket?.isSocket() && socket.uid === process.getuid?.();
  return own ? path : null;
}

/** What its user has set for messages of other processes; null where nothing. */
function inboundOf(home: string): string | null {
  const value = objectIn(join(home, "settings.json"))["crossSessionInbound"];
  return typeof value === "string" ? value : null;
}

/** Where nothing it does is asked about, a message of another process is. */
const isHeld = ({ permission_mode }: SessionRecord, inbound: string | null): boolean =>
  permission_mode === "bypassPermissions" && inbound !== "accept";

function objectIn(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Resolves once the line is written and the connection closed from our side. Loads nothing: `node:net` costs a millisecond. */
async function send(path: string, line: string, signal: AbortSignal): Promise<void> {
  const done = Promise.withResolvers<void>();
  done.promise.catch(() => {});
  let left: Uint8Array = Buffer.from(line);
  const write = (socket: Bun.Socket): void => {
    left = left.subarray(socket.write(left));
    if (left.length > 0) return;
    done.resolve();
    socket.end();
  };
  const socket = await Bun.connect({
    unix: path,
    socket: {
      open: write,
      drain: write,
      // What it says is not for us.
      data: () => {},
      error: (_, error) => done.reject(error),
      close: () => done.reject(new Error("the socket was closed")),
    },
  });
  const stop = (): void => {
    socket.terminate();
    done.reject(new Error("took too long"));
  };
  signal.addEventListener("abort", stop, { once: true });
  await done.promise.finally(() => signal.removeEventListener("abort", stop));
}
