/** `unlock`: unlocks files. */
import { requireSession } from "../bus/caller";
import { oneOrAll } from "../bus/input";
import { unlock } from "../bus/lock";
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "unlock", description: "Unlock files" },
  args: {
    path: {
      type: "positional",
      required: false,
      description: "Files, directories or res:NAME that this session locked",
    },
    all: { type: "boolean", description: "All that this session locked" },
  },
  variadic: true,
  examples: ["unlock src/paths.py", "unlock --all"],
  async run({ args, rest, context }) {
    const paths = oneOrAll(args.path, rest, args.all === true, "paths");
    const bus = await context.bus("write");
    const data = await unlock(bus, await requireSession(bus), paths);
    return { data, view: async () => (await import("../render/lock")).unlockView(data) };
  },
});
