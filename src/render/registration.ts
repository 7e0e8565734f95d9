/** Renders `register`, `unregister`, `heartbeat` and `task`. */
import type { RegisterResult, TaskResult, UnregisterResult, Unread } from "../bus/session";
import { conflictLines } from "./alert";
import { count } from "../bus/text";
import { size, time } from "./format";
import { projectLabel, vendorLabel } from "./session";
import { paint, type Style } from "./style";
import { baseName, oneLine, shortPath } from "./text";

export function registerView(data: RegisterResult, style: Style): string[] {
  const { conflicts, detected, database } = data;
  const event = detected.event
    ? `Lifecycle: session_lifecycle/${detected.event} broadcast`
    : "Lifecycle: already registered, entry updated";
  const alone = conflicts.length === 0;
  return [
    ...summary(data, style),
    "",
    event,
    ...(alone ? ["Conflicts: None detected"] : ["", ...conflictLines(conflicts, style), ""]),
    ...unreadLines(data.unread, style),
    "",
    `Bus: ${shortPath(database.path, style.home)}`,
    ...(alone ? [`Run ${style.command("status")} to see all active sessions.`] : []),
  ];
}

/** `register --verbose`: how each fact was found out. */
export function verboseRegisterView(data: RegisterResult, style: Style): string[] {
  const { session, created, conflicts, detected, database, unread } = data;
  const given = detected.vendor_source === "--llm";
  const types = [...new Set(conflicts.map(({ type }) => type))];
  const mail = unread.total > (unread.by_channel["operator_alert"] ?? 0);
  return [
    "Registering session with Inter-Session Message Bus...",
    `${given ? "LLM" : "Auto-detected LLM"}: ${vendorLabel(session)} (via ${oneLine(detected.vendor_source)})`,
    session.project_id === null
      ? "Resolved project: (not set)"
      : `Resolved project: ${projectLabel(session.project_id)} (via ${detected.project_source})`,
    `Process ID: ${session.pid ?? "(unknown)"}`,
    `Database: ${shortPath(database.path, style.home)}`,
    "",
    created ? "Inserting into session_registry..." : "Updating session_registry...",
    ...(detected.event ? [`Broadcasting session_lifecycle/${detected.event} event...`] : []),
    `Running conflict detection against ${detected.other_sessions} active session(s)...`,
    ...conflicts.map(({ type, session_id, resource }) =>
      oneLine(`${type} detected: ${session_id}${type === "cwd_overlap" ? "" : ` (${resource})`}`),
    ),
    livenessLine(data),
    "",
    ...summary(data, style),
    `Bus: ${baseName(database.path)} (${oneLine((database.journal_mode ?? "").toUpperCase())} mode, ${size(database.size_bytes ?? 0)})`,
    `Alerts: ${conflicts.length}${types.length > 0 ? ` (${types.join(", ")})` : ""}`,
    ...(mail ? unreadLines(unread, style) : []),
  ];
}

/** What keeps the session alive. Says "heartbeat thread" only where one was promised. */
function livenessLine({ session, detected, liveness }: RegisterResult): string {
  if (detected.heartbeat_seconds !== null) {
    return `Starting heartbeat thread (interval=${detected.heartbeat_seconds}s)...`;
  }
  return liveness === "pid"
    ? `Liveness: process ${session.pid}`
    : "Liveness: heartbeat, refreshed by each command";
}

const summary = ({ session }: RegisterResult, style: Style): string[] => [
  `Session registered: ${paint(style, "bold", oneLine(session.session_id))}`,
  `Vendor: ${vendorLabel(session)}`,
  `Project: ${projectLabel(session.project_id)}`,
  `Task: ${session.task_id === null ? "(none)" : oneLine(session.task_id)}`,
  `PID: ${session.pid ?? "(unknown)"}`,
];

function unreadLines({ total, by_channel }: Unread, style: Style): string[] {
  const alerts = by_channel["operator_alert"] ?? 0;
  if (total === 0) return ["Unread: 0 messages"];
  if (total === alerts) {
    return [
      `Unread: ${count(alerts, "operator alert")}`,
      `Run ${style.command("status", "--alerts")} for details.`,
    ];
  }
  const channels = Object.entries(by_channel).map(([channel, n]) => `${n} ${oneLine(channel)}`);
  return [
    `UNREAD MESSAGES: ${total} (${channels.join(", ")})`,
    `Run ${style.command("status", "--unread")} for details.`,
  ];
}

export const unregisterView = ({ session, released }: UnregisterResult): string[] => [
  `Session unregistered: ${oneLine(session.session_id)}`,
  "Lifecycle: session_lifecycle/ended broadcast",
  `Released: ${count(released.locks, "file lock")}, ${count(released.claims, "task claim")}`,
];

export const heartbeatView = (session: { session_id: string; heartbeat_at: string }): string[] => [
  `Heartbeat: ${oneLine(session.session_id)} at ${time(session.heartbeat_at)}`,
];

export const taskView = ({ session, conflicts }: TaskResult, style: Style): string[] => [
  `Session: ${oneLine(session.session_id)}`,
  `Task: ${session.task_id === null ? "(none)" : oneLine(session.task_id)}`,
  ...(conflicts.length === 0 ? [] : ["", ...conflictLines(conflicts, style)]),
];
