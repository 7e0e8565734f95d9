/** `hook`: answers a hook of an agent or of git. */
import { join } from "node:path";

import { agents } from "../agents/agents";
import { defineCommand, optional, positional, type Raw } from "../cli/command";
import { runHook, emptyOutput, type HookEnvironment } from "../hooks/run";

export default defineCommand({
  args: {
    vendor: positional(
      "Whose hook it is: claude, codex, gemini, kimi, opencode, generic for a payload of our own, or git",
    ),
    event: optional("The vendor's name of the event; without it the payload says"),
  },
  examples: ["hook claude", "hook codex SessionEnd", "hook git pre-commit"],
  async run({ args, context }): Promise<Raw> {
    // git's hook only reads, and must work in a sandbox where nothing can be written.
    const mode = args.vendor === "git" ? "read" : "create";
    const environment: HookEnvironment = {
      agents,
      env: context.io.env,
      readStdin: (limit, signal) => context.io.readStdin(limit, signal),
      bus: (giveUpAt) => context.bus(mode, giveUpAt),
      preferences: () => context.preferences(),
      hookLog: async () => {
        const { createHookLog } = await import("../files/hook-log");
        return createHookLog(join(context.paths.data, "hook.log"));
      },
    };
    const event = args.event ?? null;
    if (args.vendor !== "git") return runHook({ vendor: args.vendor, event }, environment);
    const { judgeCommit } = await import("../hooks/commit");
    return { ...emptyOutput, ...(await judgeCommit(event, environment)) };
  },
});
