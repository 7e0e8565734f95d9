/** Renders `orient`: a line a session, then alerts and messages where there are any. */
import type { OrientResult } from "../bus/conflicts";
import { alertList } from "./alert";
import { count } from "../bus/text";
import { unreadList } from "./inbox";
import { projectLabel, vendorLabel } from "./session";
import { paint, type Style, title } from "./style";
import { oneLine } from "./text";

export function orientView(
  { sessions, alerts, unread }: OrientResult,
  style: Style,
  thisSession: string | null,
): string[] {
  const alerted = new Set(alerts.map(({ id }) => id));
  const mail = unread.filter(({ id }) => !alerted.has(id));
  return [
    ...title(style, "Who is here"),
    count(sessions.length, "active session"),
    ...sessions.map((session) => {
      const own = session.session_id === thisSession ? " (THIS SESSION)" : "";
      const task = session.claimed_task ?? session.task_id;
      const doing = task === null ? "" : `, on ${task}`;
      const status = session.status === "active" ? "" : `, ${session.status}`;
      const line = `${session.session_id}${own}: ${vendorLabel(session)}, project ${projectLabel(session.project_id)}${doing}${status}`;
      return oneLine(`${line}, in ${session.cwd ?? "(unknown)"}`);
    }),
    ...(alerts.length > 0 ? ["", ...alertList(alerts, style, false)] : []),
    ...(mail.length > 0
      ? ["", ...unreadList(mail, style, false)]
      : ["", paint(style, "dim", "No unread messages.")]),
  ];
}
