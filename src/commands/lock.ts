/** `lock` and `unlock`: files of this session; `lock` also for the time of a command. */
import { requireSession } from "../bus/caller";
import { duration, oneOrAll } from "../bus/input";
import { lock, unlock, unlockIfHeld } from "../bus/lock";
import { defineCommand, flag, option, optional, positional } from "../cli/command";

export default defineCommand({
  args: {
    path: positional("Files, directories (with all below them) or res:NAME; several may follow"),
    exclusive: flag("Nobody can take it by force"),
    ttl: option("10m", "Free it by itself after this time; locking again renews"),
    wait: option("30s", "Wait so long for it where another holds it"),
    force: flag("Take an advisory lock from its holder, who is told"),
  },
  variadic: true,
  takesRest: true,
  examples: [
    "lock src/paths.py",
    "lock src --exclusive --ttl 10m",
    "lock res:port/3000 --wait 30s -- make serve",
  ],
  async run({ args, rest: command, context }) {
    const bus = await context.bus("create");
    const options = {
      lockType: args.exclusive ? "exclusive" : "advisory",
      ttl: args.ttl === undefined ? null : duration(args.ttl, "--ttl"),
      wait: args.wait === undefined ? null : duration(args.wait, "--wait"),
      force: args.force === true,
    } as const;
    const session = await requireSession(bus);
    const { result: data, warnings, fresh } = await lock(bus, session, args._, options);
    if (command.length === 0)
      return { data, warnings, view: async () => (await import("../render/lock")).lockView(data) };
    try {
      const { runCommand } = await import("../cli/run-command");
      const exitCode = await runCommand(command, context.json);
      // The output is the command's own.
      return { data, warnings, view: async () => [], exitCode };
    } finally {
      // Locks that the session held before stay held.
      await unlockIfHeld(bus, session, fresh);
    }
  },
});

export const unlockVerb = defineCommand({
  args: {
    path: optional("Files, directories or res:NAME that this session locked"),
    all: flag("All that this session locked"),
  },
  variadic: true,
  examples: ["unlock src/paths.py", "unlock --all"],
  async run({ args, context }) {
    const paths = oneOrAll(args._, args.all === true, "paths");
    const bus = await context.bus("write");
    const data = await unlock(bus, await requireSession(bus), paths);
    return { data, view: async () => (await import("../render/lock")).unlockView(data) };
  },
});
