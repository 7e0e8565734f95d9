import type { TaskResult } from "../bus/session";
import { type Look, paint } from "./look";
import { oneLine } from "./text";
import { conflictLine } from "./who";

export function render({ session, conflicts }: TaskResult, look: Look): string[] {
  const lines = [
    `Session: ${oneLine(session.session_id)}`,
    `Task: ${session.task_id === null ? "(none)" : oneLine(session.task_id)}`,
  ];
  if (conflicts.length === 0) return lines;
  return [
    ...lines,
    "",
    paint(look, "bold", "CONFLICTS DETECTED:"),
    ...conflicts.map((conflict) => conflictLine(look, conflict)),
    "",
    `Run ${look.command("conflicts", "--full")} for details.`,
  ];
}
