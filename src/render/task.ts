/** View of `task`. */
import type { TaskResult } from "../bus/session";
import { type Style, paint } from "./style";
import { oneLine } from "./text";
import { conflictLine } from "./labels";

export function render({ session, conflicts }: TaskResult, style: Style): string[] {
  const lines = [
    `Session: ${oneLine(session.session_id)}`,
    `Task: ${session.task_id === null ? "(none)" : oneLine(session.task_id)}`,
  ];
  if (conflicts.length === 0) return lines;
  return [
    ...lines,
    "",
    paint(style, "bold", "CONFLICTS DETECTED:"),
    ...conflicts.map((conflict) => conflictLine(style, conflict)),
    "",
    `Run ${style.command("conflicts", "--full")} for details.`,
  ];
}
