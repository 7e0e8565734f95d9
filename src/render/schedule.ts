/** View of `cleanup --cron`. */
import type { ScheduleResult } from "../bus/schedule";
import { clean } from "./text";

/** `cleanup --cron`. What is printed for a file can be redirected into it. */
export function render({ action, line, files, changed }: ScheduleResult): string[] {
  if (action === "launchd") return files.map(({ text }) => clean(text).trimEnd());
  if (action === "systemd") {
    return files.flatMap(({ path, text }, index) => [
      ...(index > 0 ? [""] : []),
      `# ${clean(path)}`,
      clean(text).trimEnd(),
    ]);
  }
  const shown = line === null ? [] : [clean(line)];
  if (action === "print") return shown;
  if (action === "install") {
    return [changed ? "Installed in the crontab:" : "The crontab holds it already:", ...shown];
  }
  return [changed ? "Removed from the crontab." : "The crontab holds no line of parley's."];
}
