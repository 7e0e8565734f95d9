/** `conflicts`: shows what sessions collide on, and acknowledges alerts. */
import { callingSession, requireActor, requireSession } from "../bus/caller";
import { acknowledge, findConflicts } from "../bus/conflicts";
import { integer } from "../bus/input";
import { lock, unlock } from "../bus/lock";
import { type Answer, type Context, defineCommand } from "../cli/command";
import { excluding, usageError } from "./usage-error";

export default defineCommand({
  meta: { name: "conflicts", description: "Show or acknowledge what sessions collide on" },
  args: {
    file: {
      type: "positional",
      required: false,
      description: "Only these files; with --acknowledge the ids of alerts",
    },
    all: { type: "boolean", description: "All file locks and who holds them" },
    full: {
      type: "boolean",
      description: "Files, projects, tasks and directories, locks and alerts",
    },
    alerts: { type: "boolean", description: "The unread alerts" },
    lock: { type: "boolean", description: "Try to lock the files" },
    unlock: { type: "boolean", description: "Unlock the files" },
    acknowledge: {
      type: "boolean",
      description: "Mark alerts as read: those ids, or all that name this session",
    },
  },
  variadic: true,
  examples: [
    "conflicts",
    "conflicts src/paths.py",
    "conflicts --all",
    "conflicts --full",
    "conflicts --acknowledge",
  ],
  async run({ args, rest, context }): Promise<Answer> {
    const named = args.file === undefined ? [] : [args.file, ...rest];
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
  const ids = named.map((word) => integer(word, "An alert's id", 1, Number.MAX_SAFE_INTEGER));
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
  const { result, warnings } = await lock(bus, session, files, {
    lockType: "advisory",
    ttl: null,
    wait: null,
    force: false,
  });
  return {
    data: result,
    view: async () => (await import("../render/lock")).lockView(result),
    warnings,
  };
}
