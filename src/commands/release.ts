/** `release`: releases claimed tasks. */
import { requireSession } from "../bus/caller";
import { oneOrAll } from "../bus/input";
import { release } from "../bus/claim";
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "release", description: "Release claimed tasks" },
  args: {
    task_id: {
      type: "positional",
      required: false,
      description: "Tasks that this session has claimed",
    },
    all: { type: "boolean", description: "All that this session has claimed" },
  },
  variadic: true,
  examples: ["release H.13.7", "release --all"],
  async run({ args, rest, context }) {
    const tasks = oneOrAll(args.task_id, rest, args.all === true, "tasks");
    const bus = await context.bus("write");
    const data = await release(bus, await requireSession(bus), tasks);
    return { data, view: async () => (await import("../render/claim")).releaseView(data) };
  },
});
