/** `unlock`. */
import { oneOrAll } from "../bus/input";
import { unlock } from "../bus/locking";
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
    const data = await unlock(await context.bus("write"), paths);
    return { data, view: async () => (await import("../render/lock")).unlockView(data) };
  },
});
