/** `conflicts`: shows what sessions collide on, and acknowledges alerts. */
import { callingSession, requireActor, requireSession } from "../bus/caller";
import { acknowledge, findConflicts } from "../bus/conflicts";
import { integer } from "../bus/input";
import { lock, unlock } from "../bus/lock";
import type { Answer, Context } from "../cli/command";
import { defineCommand, excluding, flag, optional, usageError } from "../cli/command";

export default defineCommand({
  args: {
    file: optional("Only these files; with --acknowledge the ids of alerts"),
    all: flag("All file locks and who holds them"),
    full: flag("Files, projects, tasks and directories, locks and alerts"),
    alerts: flag("The unread alerts"),
    lock: flag("Try to lock the files"),
    unlock: flag("Unlock the files"),
    acknowledge: flag("Mark alerts as read: those ids, or all that name this session"),
  },
  variadic: true,
  examples: [
    "conflicts",
    "conflicts src/paths.py",
    "conflicts --all",
    "conflicts --full",
    "conflicts --acknowledge",
  ],
  async run({ args, context }): Promise<Answer> {
    const named = args._;
    const actions = (["lock", "unlock", "acknowledge"] as const).filter((action) => args[action]);
    const [action, other] = actions;
    if (other) throw excluding(`--${action}`, `--${other}`);
    if (action === "acknowledge") return acknowledgeAlerts(context, named);
    if (action) return changeLocks(context, action, named);
    const bus = await context.bus("read");
    const { all = false, full = false, alerts = false } = args;
    const session = context.asOperator ? null : await callingSession(bus);
    const query = { paths: named, all, full, alerts };
    const data = await findConflicts(bus, session, query);
    const asked = { conflicts: full || named.length > 0 || !(all || alerts), locks: all, alerts };
    return {
      data,
      view: async (style) => (await import("../render/alert")).conflictsView(data, style, asked),
    };
  },
});

async function acknowledgeAlerts(context: Context, named: string[]): Promise<Answer> {
  const ids = named.map((word) => integer(word, "An alert's id", 1));
  const bus = await context.bus("write");
  const actor = await requireActor(bus, context.asOperator);
  const data = await acknowledge(bus, actor, ids);
  return { data, view: async () => (await import("../render/alert")).acknowledgedView(data) };
}

async function changeLocks(
  context: Context,
  action: "lock" | "unlock",
  files: string[],
): Promise<Answer> {
  if (files.length === 0) {
    throw usageError(`--${action} needs files`, `write parley conflicts FILE --${action}`);
  }
  const bus = await context.bus("write");
  const session = await requireSession(bus);
  if (action === "unlock") {
    const data = await unlock(bus, session, files);
    return { data, view: async () => (await import("../render/lock")).unlockView(data) };
  }
  const options = { lockType: "advisory", ttl: null, wait: null, force: false } as const;
  const { result, warnings } = await lock(bus, session, files, options);
  return {
    data: result,
    view: async () => (await import("../render/lock")).lockView(result),
    warnings,
  };
}
