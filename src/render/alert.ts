/** Alerts. */
import type { Alert, ConflictType } from "../bus/alert";
import { count, time } from "./format";
import { isTexts, priorityLabel } from "./message-block";
import { type Style, paintPriority, title } from "./style";
import { oneLine } from "./text";

const kinds: Record<ConflictType, { resource: string; advice: string }> = {
  project_conflict: {
    resource: "Project",
    advice: "Auto-detected on registration — coordinate task boundaries",
  },
  task_conflict: { resource: "Task", advice: "Auto-detected — agree on one owner" },
  cwd_overlap: {
    resource: "CWD",
    advice: "Auto-detected on registration — one session should work in a subdirectory",
  },
  message_loop: {
    resource: "Sessions",
    advice: "They only answer each other — neither wakes the other until you prompt one of them",
  },
  file_conflict: { resource: "File", advice: "Auto-detected — ask the holder to release the lock" },
};

/** The alerts of the dashboard and, with `logged`, of the session log, which has the facts without the advice. */
export function alertSection(
  style: Style,
  alerts: Alert[],
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
export const alertView = (style: Style, alerts: Alert[], precise: boolean): string[] => [
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

/** Same types together, in the order in which each type first comes. */
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
