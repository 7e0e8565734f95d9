/** Renders the numbers of the bus. */
import type { Session } from "../bus/session";
import type { Stats } from "../bus/status";
import { size } from "./format";
import { type Style, title } from "./style";
import { code, oneLine, shortPath } from "./text";

/** The numbers as the dashboard and the session log show them. */
export function statsSection(
  stats: Stats,
  sessions: Session[],
  home: string | null,
  verbose: boolean,
): string[] {
  const { database } = stats;
  const tasks = sessions.flatMap((session) => session.claimed_tasks.map(({ task_id }) => task_id));
  const states = `${stats.pending} pending, ${stats.delivered} delivered, ${stats.read} read`;
  return [
    "**Bus Statistics:**",
    `- Active sessions: ${stats.active_sessions} / ${stats.total_sessions} historical`,
    `- File locks: ${stats.file_locks}`,
    `- Task claims: ${stats.task_claims}${tasks.length > 0 ? ` (${oneLine(tasks.join(", "))})` : ""}`,
    `- Legacy messages: ${stats.legacy_messages}`,
    `- v2 messages: ${stats.v2_messages} (${states})`,
    `- Unread alerts: ${stats.unread_alerts}`,
    `- Database: ${code(shortPath(database.path, home))} (${size(database.size_bytes)}, ${journalMode(stats)} mode)`,
    ...(verbose ? databaseDetails(stats).map((line) => `- ${line}`) : []),
  ];
}

/** `--stats` */
export const statsList = (stats: Stats, style: Style, verbose: boolean): string[] => [
  ...title(style, "Inter-Session Message Bus Statistics"),
  `Active sessions: ${stats.active_sessions}`,
  `Total sessions: ${stats.total_sessions} (historical)`,
  `Legacy messages: ${stats.legacy_messages}`,
  `v2 messages: ${stats.v2_messages}`,
  `v2 pending: ${stats.pending}`,
  `Unread alerts: ${stats.unread_alerts}`,
  `File locks: ${stats.file_locks}`,
  `Task claims: ${stats.task_claims}`,
  `Database size: ${size(stats.database.size_bytes)}`,
  `Database path: ${shortPath(stats.database.path, style.home)}`,
  `Journal mode: ${journalMode(stats)}`,
  ...(verbose ? databaseDetails(stats) : []),
];

const databaseDetails = ({ database }: Stats): string[] => [
  `WAL size: ${size(database.wal_bytes)}`,
  `Schema version: ${database.schema_version}`,
];

const journalMode = ({ database }: Stats): string => oneLine(database.journal_mode.toUpperCase());
