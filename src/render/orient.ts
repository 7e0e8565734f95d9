/** View of `orient`. */
import type { OrientResult } from "../bus/conflicts";
import { alertView } from "./alert";
import { count } from "./format";
import type { ViewOptions } from "./human";
import { type Style, paint, title } from "./style";
import { oneLine } from "./text";
import { unreadView } from "./unread";
import { project, vendor } from "./labels";

/** `orient`: a line a session, then alerts and messages where there are some. */
export function render(
  { sessions, alerts, unread }: OrientResult,
  style: Style,
  options: ViewOptions,
): string[] {
  const alerted = new Set(alerts.map(({ id }) => id));
  const mail = unread.filter(({ id }) => !alerted.has(id));
  return [
    ...title(style, "Who is here"),
    count(sessions.length, "active session"),
    ...sessions.map((session) => {
      const own = session.session_id === options["this_session"] ? " (THIS SESSION)" : "";
      const task = session.claimed_task ?? session.task_id;
      const doing = task === null ? "" : `, on ${task}`;
      const status = session.status === "active" ? "" : `, ${session.status}`;
      const line = `${session.session_id}${own}: ${vendor(session)}, project ${project(session.project_id)}${doing}${status}`;
      return oneLine(`${line}, in ${session.cwd ?? "(unknown)"}`);
    }),
    ...(alerts.length > 0 ? ["", ...alertView(style, alerts, false)] : []),
    ...(mail.length > 0
      ? ["", ...unreadView(style, mail, false)]
      : ["", paint(style, "dim", "No unread messages.")]),
  ];
}
