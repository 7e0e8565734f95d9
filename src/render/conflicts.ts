import type { ConflictsResult } from "../bus/conflicts";
import { alertView } from "./alert";
import { count } from "./format";
import type { ViewOptions } from "./human";
import { lockView } from "./lock";
import { type Look, title } from "./look";
import { oneLine } from "./text";
import { conflictLine } from "./who";

/** `conflicts`; with `acknowledged` what was just marked as read. */
export function render(
  { conflicts, locks, alerts }: ConflictsResult,
  look: Look,
  options: ViewOptions,
): string[] {
  if (options["acknowledged"]) {
    return [
      `Acknowledged: ${count(alerts.length, "alert")}`,
      ...alerts.map(
        (alert) => `  #${alert.id} ${alert.message_type} on ${oneLine(alert.payload.resource)}`,
      ),
    ];
  }
  return [
    ...title(look, "Session Conflicts"),
    conflicts.length === 0 ? "No conflicts." : count(conflicts.length, "conflict"),
    ...conflicts.flatMap((each) => [conflictLine(look, each), `Action: ${oneLine(each.action)}`]),
    ...(locks.length > 0 ? ["", ...lockView(look, locks, false)] : []),
    ...(alerts.length > 0 ? ["", ...alertView(look, alerts, false)] : []),
  ];
}
