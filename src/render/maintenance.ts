/** Renders `cleanup`, `cleanup --cron` and `migrate`. */
import type { CleanupResult, ScheduleResult } from "../bus/cleanup";
import type { Copied, MigrationResult } from "../bus/doctor";
import { count } from "../bus/text";
import { size } from "./format";
import type { Style } from "./style";
import { clean, oneLine } from "./text";

/** `shrinks`: the file has become smaller too, or is small enough. */
export const cleanupView = (
  { removed, bytes_before, bytes_after }: CleanupResult,
  style: Style,
  shrinks: boolean,
): string[] => [
  `Removed: ${removedRows(removed)}`,
  `Database: ${size(bytes_before)}, now ${size(bytes_after)}`,
  ...(shrinks
    ? []
    : [`The file keeps its size until ${style.command("cleanup", "--vacuum")} rewrites it.`]),
];

/** `cleanup --dry-run` */
export const overdueView = ({ removed, bytes_before }: CleanupResult): string[] => [
  `Would remove: ${removedRows(removed)}`,
  `Database: ${size(bytes_before)}`,
];

const removedRows = (removed: CleanupResult["removed"]): string =>
  [
    count(removed.messages, "message"),
    count(removed.alerts, "alert"),
    count(removed.sessions, "ended session"),
    count(removed.locks, "file lock"),
    count(removed.claims, "task claim"),
  ].join(", ");

/** `cleanup --cron`. What is printed for a file can be redirected into it. */
export function scheduleView({ action, line, files, changed }: ScheduleResult): string[] {
  if (action === "launchd") return files.map(({ text }) => clean(text).trimEnd());
  if (action === "systemd") {
    return files.flatMap(({ path, text }, index) => [
      ...(index > 0 ? [""] : []),
      `# ${clean(path)}`,
      clean(text).trimEnd(),
    ]);
  }
  const entry = line === null ? [] : [clean(line)];
  if (action === "print") return entry;
  if (action === "install") {
    return [changed ? "Installed in the crontab:" : "The crontab holds it already:", ...entry];
  }
  return [changed ? "Removed from the crontab." : "The crontab holds no line of parley's."];
}

export const migrateView = ({ from, to, copied, present }: MigrationResult): string[] => [
  `Copied: ${copiedRows(copied)}`,
  `There already: ${copiedRows(present)}`,
  `From ${oneLine(from)}, which stays as it is, to ${oneLine(to)}`,
];

const copiedRows = ({ sessions, messages, locks, claims }: Copied): string =>
  [
    count(sessions, "session"),
    count(messages, "message"),
    count(locks, "file lock"),
    count(claims, "task claim"),
  ].join(", ");
