/** `unregister`: ends this session. */
import { requireSession } from "../bus/caller";
import { unregister } from "../bus/registration";
import { defineCommand, option } from "../cli/command";

export default defineCommand({
  args: {
    reason: option("TEXT", "Why, for the others", { default: "session ended normally" }),
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
