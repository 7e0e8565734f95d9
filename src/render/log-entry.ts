/** Renders `log`, and the dashboard as an entry of the session log. */
import type { LogResult } from "../bus/session-log";
import type { Dashboard } from "../bus/status";
import { alertSection } from "./alert";
import { time } from "./format";
import { lifecycleSection, sessionBlock } from "./session";
import { statsSection } from "./stats";
import type { Style } from "./style";
import { baseName, clean, oneLine, shortPath } from "./text";

/** `log` confirms what was appended; `log --view` (`whole`) shows the log of the day. */
export function logView({ path, entry }: LogResult, style: Style, whole: boolean): string[] {
  if (entry === null) return [`No session log: ${shortPath(path, style.home)}`];
  return [whole ? clean(entry).trimEnd() : `Session log entry appended: ${baseName(path)}`];
}

/** Who a session log entry is by, and the home directory that paths are shortened against. */
export interface EntryOrigin {
  /** `Claude (Opus 4.6)`, as `authorName` of the bus makes it. */
  author: string;
  home: string | null;
}

/**
 * The dashboard as the session log keeps it: the seeds' structure, every field, paths whole. Blank lines stand
 * between the parts, without which Markdown would run them together.
 */
export function dashboardEntry(
  dashboard: Dashboard,
  at: Date,
  { author, home }: EntryOrigin,
): string {
  const { sessions, this_session, alerts, lifecycle, stats, observations } = dashboard;
  const style: Style = { color: false, width: 0, home, command: (verb) => verb };
  const options = { thisSession: this_session, fullPaths: true, verbose: false, at: null };
  const parts = [
    [`### ${time(at.toISOString())} - [H.0] Cross-LLM Session Dashboard Status`],
    [`**Author:** ${oneLine(author)}`],
    ["Inter-Session Message Bus queried for active session status."],
    ["**Cross-LLM Session Dashboard:**"],
    ...sessions.map((session) => sessionBlock(session, options)),
    alertSection(alerts, style, stats.unread_alerts, true),
    lifecycleSection(lifecycle),
    statsSection(stats, sessions, home, false),
    ["**Observations:**", ...observations.map((line) => `- ${oneLine(line)}`)],
  ];
  return `${parts.map((part) => part.join("\n")).join("\n\n")}\n`;
}
