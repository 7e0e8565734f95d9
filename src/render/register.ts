/** View of `register`. */
import type { RegisterResult, Unread } from "../bus/session";
import type { ViewOptions } from "./human";
import { count, size } from "./format";
import { type Style, paint } from "./style";
import { baseName, oneLine, shortPath } from "./text";
import { conflictLine, project, vendor } from "./labels";

export const render = (data: RegisterResult, style: Style, options: ViewOptions): string[] =>
  options["verbose"] ? verbose(data, style) : standard(data, style);

function standard(data: RegisterResult, style: Style): string[] {
  const { conflicts, detected, database } = data;
  const event = detected.event
    ? `Lifecycle: session_lifecycle/${detected.event} broadcast`
    : "Lifecycle: already registered, entry updated";
  const bus = `Bus: ${shortPath(database.path, style.home)}`;
  const unread = unreadLines(data.unread, style);
  if (conflicts.length === 0) {
    return [
      ...summary(data, style),
      "",
      event,
      "Conflicts: None detected",
      ...unread,
      "",
      bus,
      `Run ${style.command("status")} to see all active sessions.`,
    ];
  }
  return [
    ...summary(data, style),
    "",
    event,
    "",
    paint(style, "bold", "CONFLICTS DETECTED:"),
    ...conflicts.map((conflict) => conflictLine(style, conflict)),
    "",
    `Run ${style.command("conflicts", "--full")} for details.`,
    "",
    ...unread,
    "",
    bus,
  ];
}

function verbose(data: RegisterResult, style: Style): string[] {
  const { session, created, conflicts, detected, database, unread } = data;
  const given = detected.vendor_source === "--llm";
  const types = [...new Set(conflicts.map(({ type }) => type))];
  const mail = unread.total > (unread.by_channel["operator_alert"] ?? 0);
  return [
    "Registering session with Inter-Session Message Bus...",
    `${given ? "LLM" : "Auto-detected LLM"}: ${vendor(session)} (via ${oneLine(detected.vendor_source)})`,
    session.project_id === null
      ? "Resolved project: (not set)"
      : `Resolved project: ${project(session.project_id)} (via ${detected.project_source})`,
    `Process ID: ${session.pid ?? "(unknown)"}`,
    `Database: ${shortPath(database.path, style.home)}`,
    "",
    created ? "Inserting into session_registry..." : "Updating session_registry...",
    ...(detected.event ? [`Broadcasting session_lifecycle/${detected.event} event...`] : []),
    `Running conflict detection against ${detected.other_sessions} active session(s)...`,
    ...conflicts.map(({ type, session_id, resource }) =>
      oneLine(`${type} detected: ${session_id}${type === "cwd_overlap" ? "" : ` (${resource})`}`),
    ),
    liveness(data),
    "",
    ...summary(data, style),
    `Bus: ${baseName(database.path)} (${oneLine((database.journal_mode ?? "").toUpperCase())} mode, ${size(database.size_bytes ?? 0)})`,
    `Alerts: ${conflicts.length}${types.length > 0 ? ` (${types.join(", ")})` : ""}`,
    ...(mail ? unreadLines(unread, style) : []),
  ];
}

/** What keeps the session alive. Says "heartbeat thread" only where one was promised. */
function liveness({ session, detected, liveness: by }: RegisterResult): string {
  if (detected.heartbeat_seconds !== null) {
    return `Starting heartbeat thread (interval=${detected.heartbeat_seconds}s)...`;
  }
  return by === "pid"
    ? `Liveness: process ${session.pid}`
    : "Liveness: heartbeat, refreshed by each command";
}

const summary = ({ session }: RegisterResult, style: Style): string[] => [
  `Session registered: ${paint(style, "bold", oneLine(session.session_id))}`,
  `Vendor: ${vendor(session)}`,
  `Project: ${project(session.project_id)}`,
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
