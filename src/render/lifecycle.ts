/** Lifecycle events. */
import type { LifecycleEvent } from "../bus/status";
import { time } from "./format";
import { type Style, title } from "./style";
import { oneLine } from "./text";
import { project } from "./labels";

/** The last 10 events, as the dashboard and the session log show them. */
export const lifecycleSection = (events: LifecycleEvent[]): string[] => [
  "**Session Lifecycle (ADR-173, last 10):**",
  ...(events.length === 0 ? ["- (none)"] : []),
  ...events.slice(0, 10).map((event) => {
    const where = project(event.project_id);
    return `- ${beginning(event, false)} ${event.project_id === null ? where : `(${where})`}`;
  }),
];

/** `--lifecycle` */
export const lifecycleView = (
  style: Style,
  events: LifecycleEvent[],
  precise: boolean,
): string[] => [
  ...title(style, "Session Lifecycle Events (last 20)"),
  ...(events.length === 0 ? ["No lifecycle events."] : []),
  ...events.map((event) => {
    const where =
      event.event === "ended" ? `(${event.reason ?? "session ended normally"})` : event.cwd;
    return [
      beginning(event, precise),
      project(event.project_id),
      ...(where === null ? [] : [oneLine(where)]),
    ].join(" ");
  }),
];

const beginning = ({ created_at, event, session_id }: LifecycleEvent, precise: boolean): string =>
  `${time(created_at, precise)} ${event} ${oneLine(session_id)}`;
