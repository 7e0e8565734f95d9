/** View of `conflicts`. */
import type { ConflictsResult } from "../bus/conflicts";
import { alertView } from "./alert";
import { count } from "./format";
import type { ViewOptions } from "./human";
import { lockView } from "./lock";
import { type Style, title } from "./style";
import { oneLine } from "./text";
import { conflictLine } from "./labels";

/** `conflicts`; with `acknowledged` what was just marked as read. */
export function render(
  { conflicts, locks, alerts }: ConflictsResult,
  style: Style,
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
  const found = [
    ...title(style, "Session Conflicts"),
    conflicts.length === 0 ? "No conflicts." : count(conflicts.length, "conflict"),
    ...conflicts.flatMap((each) => [conflictLine(style, each), `Action: ${oneLine(each.action)}`]),
  ];
  // What was asked for by name is shown even where it is empty.
  const sections = [
    options["conflicts"] ? found : [],
    options["locks"] || locks.length > 0 ? lockView(style, locks, false) : [],
    options["alerts"] || alerts.length > 0 ? alertView(style, alerts, false) : [],
  ].filter((section) => section.length > 0);
  return sections.flatMap((section, index) => (index === 0 ? section : ["", ...section]));
}
