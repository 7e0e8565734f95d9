/** `unregister`: ends this session. */
import { requireSession } from "../bus/caller";
import { unregister } from "../bus/registration";
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "unregister", description: "End this session and free what it holds" },
  args: {
    reason: {
      type: "string",
      description: "Why, for the others",
      valueHint: "TEXT",
      default: "session ended normally",
    },
  },
  examples: ["unregister", 'unregister --reason "handing over to codex"'],
  async run({ args, context }) {
    const bus = await context.bus("write");
    const data = await unregister(bus, await requireSession(bus), args.reason);
    return {
      data,
      view: async () => (await import("../render/registration")).unregisterView(data),
    };
  },
});
