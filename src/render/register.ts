import type { RegisterResult, Unread } from "../bus/session";
import type { ViewOptions } from "./human";
import { count, size } from "./format";
import { type Look, paint } from "./look";
import { baseName, oneLine, shortPath } from "./text";
import { conflictLine, project, vendor } from "./who";

export const render = (data: RegisterResult, look: Look, options: ViewOptions): string[] =>
  options["verbose"] ? verbose(data, look) : standard(data, look);

function standard(data: RegisterResult, look: Look): string[] {
  const { conflicts, detected, database } = data;
  const event = detected.event
    ? `Lifecycle: session_lifecycle/${detected.event} broadcast`
    : "Lifecycle: already registered, entry updated";
  const bus = `Bus: ${shortPath(database.path, look.home)}`;
  const unread = unreadLines(data.unread, look);
  if (conflicts.length === 0) {
    return [
      ...summary(data, look),
      "",
      event,
      "Conflicts: None detected",
      ...unread,
      "",
      bus,
      `Run ${look.command("status")} to see all active sessions.`,
    ];
  }
  return [
    ...summary(data, look),
    "",
    event,
    "",
    paint(look, "bold", "CONFLICTS DETECTED:"),
    ...conflicts.map((conflict) => conflictLine(look, conflict)),
    "",
    `Run ${look.command("conflicts", "--full")} for details.`,
    "",
    ...unread,
    "",
    bus,
  ];
}

function verbose(data: RegisterResult, look: Look): string[] {
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
    `Database: ${shortPath(database.path, look.home)}`,
    "",
    created ? "Inserting into session_registry..." : "Updating session_registry...",
    ...(detected.event ? [`Broadcasting session_lifecycle/${detected.event} event...`] : []),
    `Running conflict detection against ${detected.other_sessions} active session(s)...`,
    ...conflicts.map(({ type, session_id, resource }) =>
      oneLine(`${type} detected: ${session_id}${type === "cwd_overlap" ? "" : ` (${resource})`}`),
    ),
    liveness(data),
    "",
    ...summary(data, look),
    `Bus: ${baseName(database.path)} (${oneLine((database.journal_mode ?? "").toUpperCase())} mode, ${size(database.size_bytes ?? 0)})`,
    `Alerts: ${conflicts.length}${types.length > 0 ? ` (${types.join(", ")})` : ""}`,
    ...(mail ? unreadLines(unread, look) : []),
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

const summary = ({ session }: RegisterResult, look: Look): string[] => [
  `Session registered: ${paint(look, "bold", oneLine(session.session_id))}`,
  `Vendor: ${vendor(session)}`,
  `Project: ${project(session.project_id)}`,
  `Task: ${session.task_id === null ? "(none)" : oneLine(session.task_id)}`,
  `PID: ${session.pid ?? "(unknown)"}`,
];

function unreadLines({ total, by_channel }: Unread, look: Look): string[] {
  const alerts = by_channel["operator_alert"] ?? 0;
  if (total === 0) return ["Unread: 0 messages"];
  if (total === alerts) {
    return [
      `Unread: ${count(alerts, "operator alert")}`,
      `Run ${look.command("status", "--alerts")} for details.`,
    ];
  }
  const channels = Object.entries(by_channel).map(([channel, n]) => `${n} ${oneLine(channel)}`);
  return [
    `UNREAD MESSAGES: ${total} (${channels.join(", ")})`,
    `Run ${look.command("status", "--unread")} for details.`,
  ];
}
