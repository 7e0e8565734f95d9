/** Claude Code's messaging socket. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { objectIn } from "../../bus/json";
import type { SessionRecord } from "../../bus/session";
import { ownSocket, writeLine } from "../../agent-wake/socket";
import {
  wakeAccepted,
  wakeFailed,
  wakeHeld,
  wakeRefused,
  type WakeEnvironment,
  type VendorWaker,
} from "../../agent-wake/vendor-waker";

const by = "claude socket";

/**
 * Claude Code listens at a socket that it names in `sessions/PID.json` of its configuration directory, and takes a line of
 * JSON there for a message to its session (seen in 2.1.329). It answers nothing: that it has begun a turn is what its hook
 * tells.
 */
export const claudeWaker = (around: WakeEnvironment): VendorWaker => ({
  methodFor(record) {
    const found = listening(record, around);
    if (found === null || found.inbound === "refuse") return null;
    return { by, held: isHeld(record, found) };
  },
  async wake(record, text, signal) {
    const found = listening(record, around);
    if (found === null) return wakeFailed("its session file names no socket of ours");
    // It would drop the line without a word.
    if (found.inbound === "refuse")
      return wakeRefused("its settings refuse messages of other processes");
    const line = `${JSON.stringify({ type: "user", message: { role: "user", content: text } })}\n`;
    await writeLine(found.socket, line, { answered: false, signal });
    return isHeld(record, found) ? wakeHeld : wakeAccepted;
  },
});

interface Listening {
  socket: string;
  /** What its user and the project have set for messages of other processes; null: nothing. */
  inbound: Inbound | null;
}

/**
 * The socket of this very session: its file must speak of the same process and conversation, since pids and files outlive
 * what they were made for.
 */
function listening(record: SessionRecord, { env }: WakeEnvironment): Listening | null {
  const { pid, session_uuid, evidence, agent_home } = record;
  const own = env["CLAUDE_CONFIG_DIR"] || (env["HOME"] ? join(env["HOME"], ".claude") : null);
  const home = agent_home ?? own;
  if (home === null || pid === null) return null;
  const file = fileAt(join(home, "sessions", `${pid}.json`));
  if (file["pid"] !== pid || file["sessionId"] !== session_uuid) return null;
  const started = file["procStart"];
  if (evidence && typeof started === "string" && /^\d+$/.test(evidence.start_ticks)) {
    if (started !== evidence.start_ticks) return null;
  }
  const { messagingSocketPath: path, cwd } = file;
  const socket = typeof path === "string" ? ownSocket(path) : null;
  if (socket === null) return null;
  return { socket, inbound: inboundOf(home, typeof cwd === "string" ? cwd : null) };
}

/** The laxest first. */
const inbounds = ["accept", "hold", "refuse"] as const;
type Inbound = (typeof inbounds)[number];

/** The user's own setting, which a project can only tighten. */
function inboundOf(home: string, cwd: string | null): Inbound | null {
  const project = cwd === null ? [] : ["settings.local.json", "settings.json"];
  return project
    .map((name) => settingIn(join(cwd ?? "", ".claude", name)))
    .reduce(
      (strictest, each) => (rank(each) > rank(strictest) ? each : strictest),
      settingIn(join(home, "settings.json")),
    );
}

const rank = (inbound: Inbound | null): number => inbounds.indexOf(inbound ?? "accept");

/** It holds messages while it does not understand the setting. */
function settingIn(path: string): Inbound | null {
  const value = fileAt(path)["crossSessionInbound"];
  return value === undefined ? null : (inbounds.find((each) => each === value) ?? "hold");
}

/** Where nothing it does is asked about, a message of another process is, unless its user wants none to be. */
const isHeld = ({ permission_mode }: SessionRecord, { inbound }: Listening): boolean =>
  inbound === "hold" || (inbound === null && permission_mode === "bypassPermissions");

function fileAt(path: string): Record<string, unknown> {
  try {
    return objectIn(readFileSync(path, "utf8")) ?? {};
  } catch {
    return {};
  }
}
