/** `cleanup`: removes what is past its time, now or by a timer. */
import { cleanUp, overdue, scheduleActions } from "../bus/cleanup";
import { duration } from "../bus/input";
import { type Answer, defineCommand, excluding, flag, option, usageError } from "../cli/command";

const defaultInterval = "5m";

export default defineCommand({
  args: {
    "dry-run": flag("Only count what would be removed"),
    vacuum: flag("Rewrite the whole database; nobody else can write meanwhile"),
    cron: {
      type: "enum",
      options: [...scheduleActions],
      description: "Print, install or remove its line in the crontab, or print another timer",
    },
    every: option(defaultInterval, `With --cron: how often (${defaultInterval})`),
  },
  examples: [
    "cleanup",
    "cleanup --dry-run",
    "cleanup --cron install --every 10m",
    "cleanup --cron systemd",
  ],
  async run({ args, context }): Promise<Answer> {
    const { cron, every, vacuum = false } = args;
    const [mode, other] = [
      args["dry-run"] && "--dry-run",
      vacuum && "--vacuum",
      cron && "--cron",
    ].filter((each) => typeof each === "string" && each !== "");
    if (mode && other) throw excluding(mode, other);
    if (cron) {
      const { createSchedule } = await import("../schedule/schedule");
      const schedule = createSchedule({ env: context.io.env, database: context.paths.database });
      const data = await schedule.run(cron, duration(every ?? defaultInterval, "--every"));
      return { data, view: async () => (await import("../render/maintenance")).scheduleView(data) };
    }
    if (every !== undefined) {
      const hint = `write parley cleanup --cron install --every ${every}`;
      throw usageError("--every goes with --cron", hint);
    }
    if (args["dry-run"]) {
      const data = await overdue(await context.bus("read"));
      return { data, view: async () => (await import("../render/maintenance")).overdueView(data) };
    }
    const { result, shrinks, warnings } = await cleanUp(await context.bus("write"), { vacuum });
    return {
      data: result,
      view: async (style) =>
        (await import("../render/maintenance")).cleanupView(result, style, shrinks),
      warnings,
    };
  },
});
