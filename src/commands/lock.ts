/** `lock`: locks files for this session, or for the time of a command. */
import { requireSession } from "../bus/caller";
import { duration } from "../bus/input";
import { lock, unlockIfHeld } from "../bus/lock";
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "lock", description: "Lock files for this session, all of them or none" },
  args: {
    path: {
      type: "positional",
      required: true,
      description: "Files, directories (with all below them) or res:NAME; several may follow",
    },
    exclusive: { type: "boolean", description: "Nobody can take it by force" },
    ttl: {
      type: "string",
      description: "Free it by itself after this time; locking again renews",
      valueHint: "10m",
    },
    wait: {
      type: "string",
      description: "Wait so long for it where another holds it",
      valueHint: "30s",
    },
    force: { type: "boolean", description: "Take an advisory lock from its holder, who is told" },
  },
  variadic: true,
  takesRest: true,
  examples: [
    "lock src/paths.py",
    "lock src --exclusive --ttl 10m",
    "lock res:port/3000 --wait 30s -- make serve",
  ],
  async run({ args, rest: command, context }) {
    const paths = args._;
    const bus = await context.bus("create");
    const options = {
      lockType: args.exclusive ? "exclusive" : "advisory",
      ttl: args.ttl === undefined ? null : duration(args.ttl, "--ttl"),
      wait: args.wait === undefined ? null : duration(args.wait, "--wait"),
      force: args.force === true,
    } as const;
    const session = await requireSession(bus);
    const locked = await lock(bus, session, paths, options);
    const answer = { data: locked.result, warnings: locked.warnings };
    if (command.length === 0) {
      return {
        ...answer,
        view: async () => (await import("../render/lock")).lockView(answer.data),
      };
    }
    try {
      const { runCommand } = await import("../cli/run-command");
      const exitCode = await runCommand(command, context.json);
      // The output is the command's own.
      return { ...answer, view: async () => [], exitCode };
    } finally {
      // Locks that the session held before stay held.
      await unlockIfHeld(bus, session, locked.fresh);
    }
  },
});
