/** `task`: shows, sets or clears the current task of this session. */
import { requireSession } from "../bus/caller";
import { task } from "../bus/registration";
import { defineCommand, excluding, flag, optional } from "../cli/command";

export default defineCommand({
  args: {
    task_id: optional("Task to work on, such as H.13.2"),
    clear: flag("Work on no task"),
  },
  examples: ["task", "task H.13.2", "task --clear"],
  async run({ args, context }) {
    if (args.clear && args.task_id !== undefined) throw excluding("A task", "--clear");
    const shows = args.task_id === undefined && !args.clear;
    const bus = await context.bus(shows ? "read" : "write");
    const data = await task(bus, await requireSession(bus), args.clear ? null : args.task_id);
    return {
      data,
      view: async (style) => (await import("../render/registration")).taskView(data, style),
    };
  },
});
