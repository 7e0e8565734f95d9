/** Renders alerts and conflicts. */
import type { Alert, Conflict, ConflictType } from "../bus/alert";
import type { ConflictsResult } from "../bus/conflicts";
import { count } from "../bus/text";
import { priorityLabel, time } from "./format";
import { lockList } from "./lock";
import { paint, paintPriority, type Style, title } from "./style";
import { oneLine } from "./text";

/** The words for a conflict type; `advice` is the dashboard's own line, which the seeds word unlike the action. */
const kinds: Record<ConflictType, { resource: string; relation: string; advice: string }> = {
  project_conflict: {
    resource: "Project",
    relation: "also on",
    advice: "Auto-detected on registration — coordinate task boundaries",
  },
  task_conflict: {
    resource: "Task",
    relation: "also on",
    advice: "Auto-detected — agree on one owner",
  },
  cwd_overlap: {
    resource: "CWD",
    relation: "in",
    advice: "Auto-detected on registration — one session should work in a subdirectory",
  },
  message_loop: {
    resource: "Sessions",
    relation: "in",
    advice: "They only answer each other — neither wakes the other until you prompt one of them",
  },
  file_conflict: {
    resource: "File",
    relation: "holds",
    advice: "Auto-detected — ask the holder to release the lock",
  },
};

/** The alerts of the dashboard and, with `logged`, of the session log, which has the facts without the advice. */
export function alertSection(
  alerts: Alert[],
  style: Style,
  total: number,
  logged: boolean,
): string[] {
  const lines = byType(alerts).flatMap((alert) => {
    const { sessions, resource } = facts(alert);
    const all = sessions.length > 2 ? "all on" : "both on";
    const where = oneLine(`${sessions.join(" + ")} ${logged ? "on" : all} ${resource}`);
    const kind = `${oneLine(alert.message_type)} (priority ${alert.priority}/${priorityLabel(alert.priority)})`;
    const advice = kinds[alert.message_type]?.advice;
    return [
      `- ${paintPriority(style, alert.priority, kind)}: ${where}`,
      ...(logged || advice === undefined ? [] : [`- ${advice}`]),
    ];
  });
  const more =
    total > alerts.length && alerts.length > 0 ? [`- +${total - alerts.length} more`] : [];
  return ["**Operator Alerts (ADR-173):**", ...(lines.length > 0 ? lines : ["- (none)"]), ...more];
}

/** `--alerts` */
export const alertList = (alerts: Alert[], style: Style, precise: boolean): string[] => [
  ...title(style, "Operator Alerts"),
  count(alerts.length, "unread alert"),
  ...byType(alerts).flatMap((alert) => {
    const { sessions, resource, action } = facts(alert);
    const label = `[${priorityLabel(alert.priority).toUpperCase()}]`;
    return [
      `${paintPriority(style, alert.priority, label)} ${oneLine(alert.message_type)} — ${time(alert.created_at, precise)}`,
      `Sessions: ${oneLine(sessions.join(", "))}`,
      `${kinds[alert.message_type]?.resource ?? "Resource"}: ${oneLine(resource)}`,
      `Action: ${oneLine(action)}`,
    ];
  }),
];

/** Alerts of one type together, in the order in which each type first comes. */
const byType = (alerts: Alert[]): Alert[] =>
  [...Map.groupBy(alerts, (alert) => alert.message_type).values()].flat();

/** Rows of an adopted database were written by another program: their payload may lack what ours has. */
function facts({ payload, activity, sender_id }: Alert): {
  sessions: string[];
  resource: string;
  action: string;
} {
  const { sessions, resource, action } = payload as Partial<Alert["payload"]>;
  return {
    sessions: isTexts(sessions) && sessions.length > 0 ? sessions : [sender_id],
    resource: typeof resource === "string" ? resource : (activity ?? "(unknown)"),
    action: typeof action === "string" ? action : "(none)",
  };
}

/** In a foreign row anything may stand here, and some of it cannot be joined. */
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

/** `[CRITICAL] project_conflict: codex-41200 also on PILOT` */
const conflictLine = (
  { type, priority, label, session_id, resource }: Conflict,
  style: Style,
): string =>
  `${paintPriority(style, priority, `[${label}]`)} ${type}: ${oneLine(`${session_id} ${kinds[type].relation} ${resource}`)}`;

/** The conflicts that `register` and `task` report below their answer. */
export const conflictLines = (conflicts: readonly Conflict[], style: Style): string[] => [
  paint(style, "bold", "CONFLICTS DETECTED:"),
  ...conflicts.map((conflict) => conflictLine(conflict, style)),
  "",
  `Run ${style.command("conflicts", "--full")} for details.`,
];

/** `conflicts`. A section that was asked for is shown even where it is empty. */
export function conflictsView(
  { conflicts, locks, alerts }: ConflictsResult,
  style: Style,
  asked: { conflicts: boolean; locks: boolean; alerts: boolean },
): string[] {
  const found = [
    ...title(style, "Session Conflicts"),
    conflicts.length === 0 ? "No conflicts." : count(conflicts.length, "conflict"),
    ...conflicts.flatMap((each) => [conflictLine(each, style), `Action: ${oneLine(each.action)}`]),
  ];
  return [
    asked.conflicts ? found : [],
    asked.locks || locks.length > 0 ? lockList(locks, style, false) : [],
    asked.alerts || alerts.length > 0 ? alertList(alerts, style, false) : [],
  ]
    .filter((section) => section.length > 0)
    .flatMap((section, index) => (index === 0 ? section : ["", ...section]));
}

/** `conflicts --acknowledge`: the alerts that were just marked as read. */
export const acknowledgedView = ({ alerts }: ConflictsResult): string[] => [
  `Acknowledged: ${count(alerts.length, "alert")}`,
  ...alerts.map(
    (alert) => `  #${alert.id} ${alert.message_type} on ${oneLine(alert.payload.resource)}`,
  ),
];
