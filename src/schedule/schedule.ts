/** Schedules `cleanup` by the crontab, or prints the files of another timer. */
import { ParleyError } from "../bus/errors";
import type { Schedule, ScheduleAction, ScheduleResult } from "../bus/cleanup";
import { ownCommand } from "../bus/process";
import { cronFields, cronLine, findCrontab, updateCrontab, wholeSeconds } from "./crontab";
import { launchdAgent, systemdUnits } from "./timers";

export type Env = Readonly<Record<string, string | undefined>>;

/** A command with the environment it needs, since timers start with one of their own. */
export interface Job {
  /** Absolute path of the program. */
  program: string;
  args: string[];
  /** The variables that `cleanup` reads, with their present values. */
  env: [name: string, value: string][];
}

/** `database`: an absolute path. */
export const createSchedule = ({ env, database }: { env: Env; database: string }): Schedule => ({
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
  env: Env,
): ScheduleResult["files"] =>
  (kind === "systemd" ? systemdUnits : launchdAgent)(job, wholeSeconds(every), env);

/** The error names this platform's timer, with the complete text of its files. */
function noCrontab(action: ScheduleAction, job: Job, every: number, env: Env): ParleyError {
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

/** The variables that `cleanup` reads besides the path of the database. */
const settings = ["PARLEY_STALE_TIMEOUT", "PARLEY_KEEP_SESSIONS", "PARLEY_TTL"];

/** Cleaning up this database with the running program. Throws `invalid` where a path has a line break. */
function cleanupJob(env: Env, database: string): Job {
  if (URL.canParse(database) && new URL(database).password !== "") {
    throw new ParleyError("invalid", "A timer would show the password of the database", {
      hint: "leave it out of the URL, and set PGPASSWORD where timers are run",
    });
  }
  const [program, ...entryPoint] = ownCommand();
  const job: Job = {
    program,
    args: [...entryPoint, "cleanup", "--db", database],
    env: settings.flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
  };
  const words = [job.program, ...job.args, ...job.env.map(([, value]) => value)];
  const bad = words.find((word) => /[\n\r\0]/.test(word));
  if (bad === undefined) return job;
  throw new ParleyError("invalid", `No timer can name ${JSON.stringify(bad)}`, {
    hint: "use a path without line breaks",
    details: { value: bad },
  });
}
