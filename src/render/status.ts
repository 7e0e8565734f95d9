/** The dashboard and its filters. */
import type { Claim } from "../bus/claim";
import type { Lock } from "../bus/lock";
import type { Dashboard } from "../bus/status";
import { activitySection } from "./activity";
import { alertSection, alertView } from "./alert";
import { claimView } from "./claim";
import { count } from "./format";
import type { ViewOptions } from "./human";
import { lifecycleSection, lifecycleView } from "./lifecycle";
import { lockView } from "./lock";
import { type Style, rule, title } from "./style";
import { operatorSection } from "./operator";
import { sessionBlock } from "./session";
import { statsSection, statsView } from "./stats";
import { baseName, oneLine, shortPath } from "./text";
import { unreadSection, unreadView } from "./unread";

/** The whole dashboard, or a filtered view, which holds its own keys only. */
export interface StatusData extends Partial<Dashboard> {
  locks?: Lock[];
  claims?: Claim[];
}

/**
 * Options: `verbose`, and `at`, the time of the picture (ISO 8601) for the ages that `verbose` shows.
 */
export function render(data: StatusData, style: Style, options: ViewOptions): string[] {
  const verbose = options["verbose"] === true;
  if (isDashboard(data)) return dashboard(data, style, verbose, liveness(options["at"]));
  const { stats, locks, claims, alerts, unread, lifecycle } = data;
  const views = [
    stats && statsView(style, stats, verbose),
    locks && lockView(style, locks, verbose),
    claims && claimView(style, claims, verbose),
    alerts && alertView(style, alerts, verbose),
    unread && unreadView(style, unread, verbose),
    lifecycle && lifecycleView(style, lifecycle, verbose),
  ];
  return views
    .filter((view) => view !== undefined)
    .flatMap((view, index) => (index > 0 ? ["", ...view] : view));
}

const isDashboard = (data: StatusData): data is Dashboard =>
  data.sessions !== undefined && data.stats !== undefined;

const liveness = (at: boolean | string | undefined): number | null =>
  typeof at === "string" ? Date.parse(at) : null;

function dashboard(data: Dashboard, style: Style, verbose: boolean, at: number | null): string[] {
  const { sessions, this_session, alerts, unread, lifecycle, stats, observations, log } = data;
  const head = title(style, "Cross-LLM Session Dashboard");
  const mine = unreadCount(data);
  const unreadOnes = unreadSection(style, unread, mine, alerts);
  // Who is shown messages and is no session is the operator, for whom they come first.
  const [first, later] = this_session === null ? [unreadOnes, []] : [[], unreadOnes];
  if (sessions.length === 0) {
    return [
      ...head,
      ...operatorSection(style, data),
      ...first,
      ...activitySection(style, data, at),
      "0 active sessions",
      "No LLM sessions are currently registered.",
      `Run ${style.command("register")} to register this session.`,
      // What is in the data counts as shown, so it has to be shown here too.
      ...(alerts.length > 0 ? alertSection(style, alerts, stats.unread_alerts, false) : []),
      ...later,
    ];
  }
  const blocks = sessions.flatMap((session) =>
    sessionBlock(session, { thisSession: this_session, fullPaths: false, verbose, at }),
  );
  return [
    ...head,
    ...operatorSection(style, data),
    ...first,
    ...activitySection(style, data, at),
    [
      count(stats.active_sessions, "active session"),
      count(stats.file_locks, "file lock"),
      count(stats.task_claims, "task claim"),
      count(stats.unread_alerts, "alert"),
      `${mine} unread`,
    ].join(" | "),
    ...blocks,
    ...alertSection(style, alerts, stats.unread_alerts, false),
    ...later,
    ...lifecycleSection(lifecycle),
    ...statsSection(stats, sessions, style.home, verbose),
    "**Observations:**",
    ...observations.map((line) => `- ${oneLine(line)}`),
    rule,
    ...(log === null
      ? []
      : [
          `Session log entry appended: ${verbose ? shortPath(log.path, style.home) : baseName(log.path)}`,
        ]),
  ];
}

/** Unread messages of the calling session, the ones beyond the list among them. */
const unreadCount = ({ sessions, this_session, unread }: Dashboard): number =>
  Math.max(
    sessions.find(({ session_id }) => session_id === this_session)?.unread_count ?? 0,
    unread.length,
  );
