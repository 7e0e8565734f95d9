/** `project`: shows the project of a directory and its sessions. */
import { findCaller, nobody } from "../bus/caller";
import { findProject } from "../bus/project";
import { busIfAny, defineCommand, flag, option, optional, usageError } from "../cli/command";

export default defineCommand({
  args: {
    dir: optional("With --candidates: a directory"),
    candidates: flag(
      "Choose among directories: the first on whose project nobody else works is picked; where all are occupied none is, and that is no error",
    ),
    project: option("PROJECT", "It is this one; what is named is picked however occupied it is"),
  },
  variadic: true,
  examples: ["project", "project --candidates ~/pilot ~/atlas", "project --json"],
  async run({ args, context }) {
    const candidates = args._;
    if (candidates.length > 0 !== (args.candidates === true)) {
      const hint = "write parley project --candidates DIR DIR";
      throw usageError("Directories and --candidates belong together", hint);
    }
    const bus = await busIfAny(context);
    const caller = bus ? await findCaller(bus, context.asOperator) : nobody;
    const { result, warnings } = await findProject(context.identity, bus, caller, {
      cwd: context.io.cwd,
      explicit: args.project ?? null,
      candidates,
    });
    return {
      data: result,
      view: async (style) => (await import("../render/project")).projectView(result, style),
      warnings,
    };
  },
});
