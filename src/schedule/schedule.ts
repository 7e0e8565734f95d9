/** Schedules `cleanup` by the crontab, or prints the files of another timer. */
import { ParleyError } from "../bus/errors";
import type { Schedule, ScheduleAction, ScheduleResult } from "../bus/ports";
import { cronLine, findCrontab, updateCrontab } from "./crontab";
import { cronFields, wholeSeconds } from "./interval";
import { cleanupJob, type Job } from "./job";
import { launchdAgent, systemdUnits } from "./timers";

export interface ScheduleOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute path. */
  database: string;
}

export const createSchedule = ({ env, database }: ScheduleOptions): Schedule => ({
  run: async (action, every) => {
    const job = cleanupJob(env, database);
    const result: ScheduleResult = {
      action,
      every_seconds: action === "remove" ? null : wholeSeconds(every),
      line: null,
      files: [],
      changed: false,
    };
    if (action === "systemd" || action === "launchd") {
      return { ...result, files: timerFiles(action, job, every, env) };
    }
    const line = action === "remove" ? null : cronLine(cronFields(every), job);
    if (action === "print") return { ...result, line };
    if (findCrontab(env) === null) throw noCrontab(action, job, every, env);
    return { ...result, line, changed: await updateCrontab(line, env) };
  },
});

const timerFiles = (
  kind: "systemd" | "launchd",
  job: Job,
  every: number,
  env: ScheduleOptions["env"],
): ScheduleResult["files"] =>
  (kind === "systemd" ? systemdUnits : launchdAgent)(job, wholeSeconds(every), env);

/** The error names this platform's timer, with the complete text of its files. */
function noCrontab(
  action: ScheduleAction,
  job: Job,
  every: number,
  env: ScheduleOptions["env"],
): ParleyError {
  const kind = process.platform === "darwin" ? "launchd" : "systemd";
  const files = action === "install" ? timerFiles(kind, job, every, env) : [];
  const shown = files.map(({ path, text }) => `\n\n${path}:\n${text.trimEnd()}`).join("");
  return new ParleyError("not_found", "There is no crontab program on this machine", {
    hint:
      action === "install"
        ? `make a timer of ${kind} instead${shown}`
        : "without it there is no line to remove",
    details: { program: "crontab", files },
  });
}
