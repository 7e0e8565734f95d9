/** Port: the machine's timers. */

/** `print` and `install` and `remove` are about the crontab; the others print what another timer takes. */
export const scheduleActions = ["print", "install", "remove", "systemd", "launchd"] as const;
export type ScheduleAction = (typeof scheduleActions)[number];

/** The data of `cleanup --cron`. */
export interface ScheduleResult {
  action: ScheduleAction;
  /** Between two clean-ups; null for `remove`. */
  every_seconds: number | null;
  /** The line of the crontab; null where there is none of ours. */
  line: string | null;
  /** Files to make for systemd or launchd, with where they belong. */
  files: { path: string; text: string }[];
  /** Whether the crontab was written. */
  changed: boolean;
}

/** Port: the machine's timers, which run `parley cleanup`. */
export interface Schedule {
  /**
   * `every` in milliseconds. Throws `invalid` for an interval that the timer cannot keep, `not_found` without a
   * `crontab` program, `not_permitted` where that refuses.
   */
  run(action: ScheduleAction, every: number): Promise<ScheduleResult>;
}
