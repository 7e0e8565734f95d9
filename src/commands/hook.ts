import { defineCommand } from "../cli/command";
import { runHook } from "../hooks/run";

export default defineCommand({
  meta: { name: "hook", description: "Answer an agent's hook, which stands on stdin as JSON" },
  args: {
    vendor: {
      type: "positional",
      required: true,
      description: "Whose hook it is: claude or codex",
    },
    event: {
      type: "positional",
      required: false,
      description: "The vendor's name of the event; without it the payload says",
    },
  },
  examples: ["hook claude", "hook codex SessionEnd"],
  run: ({ args, context }) =>
    runHook(
      { vendor: args.vendor, event: args.event ?? null },
      {
        env: context.io.env,
        readStdin: (limit, signal) => context.io.readStdin(limit, signal),
        bus: (giveUpAt) => context.bus("create", giveUpAt),
        preferences: () => context.preferences(),
        faults: () => context.faults(),
      },
    ),
});
