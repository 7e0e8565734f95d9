/** Renders lifecycle events: sessions started, resumed and ended. */
import type { LifecycleEvent } from "../bus/status";
import { time } from "./format";
import { projectLabel } from "./session";
import { type Style, title } from "./style";
import { oneLine } from "./text";

/** The last 10 events, as the dashboard and the session log show them. */
export const lifecycleSection = (events: LifecycleEvent[]): string[] => [
  "**Session Lifecycle (ADR-173, last 10):**",
  ...(events.length === 0 ? ["- (none)"] : []),
  ...events.slice(0, 10).map((event) => {
    const project = projectLabel(event.project_id);
    return `- ${heading(event, false)} ${event.project_id === null ? project : `(${project})`}`;
  }),
];

/** `--lifecycle` */
export const lifecycleList = (
  events: LifecycleEvent[],
  style: Style,
  precise: boolean,
): string[] => [
  ...title(style, "Session Lifecycle Events (last 20)"),
  ...(events.length === 0 ? ["No lifecycle events."] : []),
  ...events.map((event) => {
    const detail =
      event.event === "ended" ? `(${event.reason ?? "session ended normally"})` : event.cwd;
    return [
      heading(event, precise),
      projectLabel(event.project_id),
      ...(detail === null ? [] : [oneLine(detail)]),
    ].join(" ");
  }),
];

const heading = ({ created_at, event, session_id }: LifecycleEvent, precise: boolean): string =>
  `${time(created_at, precise)} ${event} ${oneLine(session_id)}`;
