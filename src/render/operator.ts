/** What waits for the human. */
import type { Dashboard } from "../bus/status";
import { count } from "./format";
import { type Style, paintPriority } from "./style";

/**
 * What waits for the human, before anything else; nothing where nothing does. Whoever asks as the operator is shown the
 * messages here.
 */
export function operatorSection(
  style: Style,
  { alerts, operator_unread, this_session }: Dashboard,
): string[] {
  // A session is told of its own mail; the human may look over its shoulder.
  const critical = alerts.filter(({ priority }) => priority >= 3);
  if (operator_unread === 0 && (critical.length === 0 || this_session !== null)) return [];
  const waits = [
    operator_unread > 0 &&
      `${count(operator_unread, "unread message")} (${style.command("inbox", "--as operator")})`,
    critical.length > 0 &&
      `${count(critical.length, "critical alert")} (${style.command("status", "--alerts")})`,
  ].filter((each) => each !== false);
  return [
    paintPriority(style, critical.length > 0 ? 3 : 2, `**For the operator:** ${waits.join(", ")}`),
  ];
}
