/** Wakes Claude Code by a line at the messaging socket of its session. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { objectIn } from "../../bus/input";
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
 * JSON there for a message to its session (seen in 2.1.329). It answers nothing: its hook tells when the turn begins.
 */
export const claudeWaker = (environment: WakeEnvironment): VendorWaker => ({
  methodFor(record) {
    const found = socketOf(record, environment);
    if (found === null || found.inbound === "refuse") return null;
    return { by, held: isHeld(record, found) };
  },
  async wake(record, text, signal) {
    const found = socketOf(record, environment);
    if (found === null) return wakeFailed("its session file names no socket of ours");
    // It would drop the line without an error.
    if (found.inbound === "refuse")
      return wakeRefused("its settings refuse messages of other processes");
    const line = `${JSON.stringify({ type: "user", message: { role: "user", content: text } })}\n`;
    await writeLine(found.path, line, { answered: false, signal });
    return isHeld(record, found) ? wakeHeld : wakeAccepted;
  },
});

/** Claude Code's configuration directory; null where there is no home. */
export const claudeHome = (env: WakeEnvironment["env"]): string | null =>
  env["CLAUDE_CONFIG_DIR"] || (env["HOME"] ? join(env["HOME"], ".claude") : null);

interface SessionSocket {
  path: string;
  /** The setting of its user and of the project for messages of other processes; null: none. */
  inbound: Inbound | null;
}

/** The socket of this session. Files stay behind and pids are used again, so its file must name the process and conversation. */
function socketOf(record: SessionRecord, { env }: WakeEnvironment): SessionSocket | null {
  const { pid, session_uuid, evidence, agent_home } = record;
  const home = agent_home ?? claudeHome(env);
  if (home === null || pid === null) return null;
  const file = fileAt(join(home, "sessions", `${pid}.json`));
  if (file["pid"] !== pid || file["sessionId"] !== session_uuid) return null;
  const started = file["procStart"];
  if (evidence && typeof started === "string" && /^\d+$/.test(evidence.start_ticks)) {
    if (started !== evidence.start_ticks) return null;
  }
  const { messagingSocketPath, cwd } = file;
  const path = typeof messagingSocketPath === "string" ? ownSocket(messagingSocketPath) : null;
  if (path === null) return null;
  return { path, inbound: inboundOf(home, typeof cwd === "string" ? cwd : null) };
}

/** From the most permissive to the strictest. */
const inbounds = ["accept", "hold", "refuse"] as const;
type Inbound = (typeof inbounds)[number];

/** The user's setting, which a project's can only tighten. */
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

/** Claude Code holds messages where it does not know the setting's value. */
function settingIn(path: string): Inbound | null {
  const value = fileAt(path)["crossSessionInbound"];
  return value === undefined ? null : (inbounds.find((each) => each === value) ?? "hold");
}

/** In a session that asks its user for nothing, it asks about messages of other processes, unless they are set to be accepted. */
const isHeld = ({ permission_mode }: SessionRecord, { inbound }: SessionSocket): boolean =>
  inbound === "hold" || (inbound === null && permission_mode === "bypassPermissions");

function fileAt(path: string): Record<string, unknown> {
  try {
    return objectIn(readFileSync(path, "utf8")) ?? {};
  } catch {
    return {};
  }
}
