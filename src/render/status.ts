/** Renders `status`: the dashboard and its filtered lists. */
import type { Claim } from "../bus/claim";
import type { Lock } from "../bus/lock";
import type { Dashboard } from "../bus/status";
import { alertList, alertSection } from "./alert";
import { count } from "../bus/text";
import { operatorSection, unreadList, unreadSection } from "./inbox";
import { claimList, lockList } from "./lock";
import { activitySection, lifecycleList, lifecycleSection, sessionBlock } from "./session";
import { statsList, statsSection } from "./stats";
import { rule, type Style, title } from "./style";
import { baseName, oneLine, shortPath } from "./text";

/** The whole dashboard, or filtered lists, which hold their own keys only. */
export interface StatusData extends Partial<Dashboard> {
  locks?: Lock[];
  claims?: Claim[];
}

/** `at`: when the data was read, in milliseconds since the epoch, for ages; null: ages are left out. */
export function statusView(
  data: StatusData,
  style: Style,
  { verbose, at }: { verbose: boolean; at: number | null },
): string[] {
  if (isDashboard(data)) return dashboard(data, style, verbose, at);
  const { stats, locks, claims, alerts, unread, lifecycle } = data;
  return [
    stats && statsList(stats, style, verbose),
    locks && lockList(locks, style, verbose),
    claims && claimList(claims, style, verbose),
    alerts && alertList(alerts, style, verbose),
    unread && unreadList(unread, style, verbose),
    lifecycle && lifecycleList(lifecycle, style, verbose),
  ]
    .filter((list) => list !== undefined)
    .flatMap((list, index) => (index > 0 ? ["", ...list] : list));
}

const isDashboard = (data: StatusData): data is Dashboard =>
  data.sessions !== undefined && data.stats !== undefined;

function dashboard(data: Dashboard, style: Style, verbose: boolean, at: number | null): string[] {
  const { sessions, this_session, alerts, unread, lifecycle, stats, observations, log } = data;
  const unreadTotal = unreadCount(data);
  const mail = unreadSection(unread, style, unreadTotal, alerts);
  // A caller without a session that is shown messages is the operator, for whom they come first.
  const [first, later] = this_session === null ? [mail, []] : [[], mail];
  const top = [
    ...title(style, "Cross-LLM Session Dashboard"),
    ...operatorSection(data, style),
    ...first,
    ...activitySection(data, style, at),
  ];
  if (sessions.length === 0) {
    return [
      ...top,
      "0 active sessions",
      "No LLM sessions are currently registered.",
      `Run ${style.command("register")} to register this session.`,
      // Alerts in the data count as shown, so they have to be shown here too.
      ...(alerts.length > 0 ? alertSection(alerts, style, stats.unread_alerts, false) : []),
      ...later,
    ];
  }
  const logName = (path: string) => (verbose ? shortPath(path, style.home) : baseName(path));
  const blocks = sessions.flatMap((session) =>
    sessionBlock(session, { thisSession: this_session, fullPaths: false, verbose, at }),
  );
  return [
    ...top,
    [
      count(stats.active_sessions, "active session"),
      count(stats.file_locks, "file lock"),
      count(stats.task_claims, "task claim"),
      count(stats.unread_alerts, "alert"),
      `${unreadTotal} unread`,
    ].join(" | "),
    ...blocks,
    ...alertSection(alerts, style, stats.unread_alerts, false),
    ...later,
    ...lifecycleSection(lifecycle),
    ...statsSection(stats, sessions, style.home, verbose),
    "**Observations:**",
    ...observations.map((line) => `- ${oneLine(line)}`),
    rule,
    ...(log === null ? [] : [`Session log entry appended: ${logName(log.path)}`]),
  ];
}

/** How many messages the calling session has not read, including those beyond the list. */
const unreadCount = ({ sessions, this_session, unread }: Dashboard): number =>
  Math.max(
    sessions.find(({ session_id }) => session_id === this_session)?.unread_count ?? 0,
    unread.length,
  );
