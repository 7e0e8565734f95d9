import type { Dashboard } from "../bus/status";
import { count } from "./format";
import { type Look, paintPriority } from "./look";

/**
 * What waits for the human, before anything else; nothing where nothing does. Whoever asks as the operator is shown the
 * messages here.
 */
export function operatorSection(
  look: Look,
  { alerts, operator_unread, this_session }: Dashboard,
): string[] {
  // A session is told of its own mail; the human may look over its shoulder.
  const critical = alerts.filter(({ priority }) => priority >= 3);
  if (operator_unread === 0 && (critical.length === 0 || this_session !== null)) return [];
  const waits = [
    operator_unread > 0 &&
      `${count(operator_unread, "unread message")} (${look.command("inbox", "--as operator")})`,
    critical.length > 0 &&
      `${count(critical.length, "critical alert")} (${look.command("status", "--alerts")})`,
  ].filter((each) => each !== false);
  return [
    paintPriority(look, critical.length > 0 ? 3 : 2, `**For the operator:** ${waits.join(", ")}`),
  ];
}
