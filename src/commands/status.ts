/** `status`: dashboard, filters, log entry, redrawing. */
import type { Bus } from "../bus/bus";
import { findCaller } from "../bus/caller";
import { type OpenedDashboard, openDashboard } from "../bus/dashboard";
import { ParleyError } from "../bus/errors";
import { type Answer, type Context, defineCommand, type StreamItem } from "../cli/command";
import type { StatusData } from "../render/status";

/** The filtered views, in the order in which several are printed. */
const views = ["stats", "locks", "claims", "alerts", "unread", "lifecycle"] as const;
type View = (typeof views)[number];

export default defineCommand({
  meta: { name: "status", description: "Show who works where, on what, holding which files" },
  args: {
    stats: { type: "boolean", description: "Only the numbers of the bus" },
    locks: { type: "boolean", description: "Only the file locks" },
    claims: { type: "boolean", description: "Only the task claims" },
    alerts: {
      type: "boolean",
      description: "Only the unread alerts, which are marked as delivered",
    },
    unread: {
      type: "boolean",
      description: "Only this session's unread messages, which are marked as delivered",
    },
    lifecycle: {
      type: "boolean",
      description: "Only the last 20 sessions started, resumed and ended",
    },
    verbose: {
      type: "boolean",
      description: "Milliseconds, registration, heartbeat, task and bus details",
    },
    log: {
      type: "boolean",
      default: true,
      description: "Append the dashboard to the session log",
      negativeDescription: "Append nothing to the session log",
    },
    watch: { type: "boolean", description: "Show it again whenever the bus changes; logs nothing" },
  },
  examples: ["status", "status --stats", "status --alerts --unread", "status --no-log --json"],
  async run({ args, context, signal }) {
    const wanted = views.filter((view) => args[view]);
    const verbose = args.verbose === true;
    const bus = await context.bus("read");
    if (args.watch) return { stream: redraws(bus, context, wanted, verbose, signal) };

    const unread = prints(wanted, "unread");
    const hooksOff = context.preferences().read().off;
    const caller = await findCaller(bus, context.asOperator);
    const opened = await openDashboard(bus, caller, { unread, again: false, hooksOff });
    if (wanted.length === 0 && args.log) await appendToLog(opened, context);
    return answer(opened, wanted, verbose, bus);
  },
});

const prints = (wanted: readonly View[], view: View): boolean =>
  wanted.length === 0 || wanted.includes(view);

/** The view that was asked for, or all of it. Only what is printed is marked. */
function answer(
  opened: OpenedDashboard,
  wanted: readonly View[],
  verbose: boolean,
  bus: Bus,
): Answer {
  const { dashboard, overview, warnings } = opened;
  const sources = {
    stats: dashboard.stats,
    locks: overview.locks,
    claims: overview.claims,
    alerts: dashboard.alerts,
    unread: dashboard.unread,
    lifecycle: overview.lifecycle,
  };
  const data: StatusData =
    wanted.length === 0
      ? dashboard
      : Object.fromEntries(wanted.map((view) => [view, sources[view]]));
  const at = bus.clock.now();
  return {
    data,
    view: async (style) =>
      (await import("../render/status")).statusView(data, style, { verbose, at }),
    warnings,
    afterFlush: async () => {
      await opened.onShown({ alerts: prints(wanted, "alerts"), unread: prints(wanted, "unread") });
      bus.changeSignal.notify([]);
    },
    onDropped: opened.onDropped,
  };
}

/** Without active sessions there is nothing to keep; a log that cannot be written never costs the dashboard. */
async function appendToLog(
  { dashboard, warnings }: OpenedDashboard,
  context: Context,
): Promise<void> {
  if (dashboard.sessions.length === 0) return;
  const at = context.clock.now();
  const own = dashboard.sessions.find((session) => session.session_id === dashboard.this_session);
  const { dashboardEntry } = await import("../render/log-entry");
  const { authorName } = await import("../bus/journal");
  const { createSessionLog } = await import("../files/session-log");
  const entry = dashboardEntry(dashboard, new Date(at), {
    author: authorName(own ? { vendor: own.llm_vendor, model: own.llm_model } : null),
    home: context.io.env["HOME"] ?? null,
  });
  try {
    const project_id = own?.project_id ?? null;
    const path = createSessionLog(context).append({ project_id, text: entry, at });
    dashboard.log = { path, entry };
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error;
    warnings.push({ code: "log_failed", message: `Session log write failed: ${error.message}` });
  }
}

async function* redraws(
  bus: Bus,
  context: Context,
  wanted: readonly View[],
  verbose: boolean,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  const unread = prints(wanted, "unread");
  const preferences = context.preferences();
  let changed = Promise.withResolvers<void>();
  const wake = (): void => changed.resolve();
  signal.addEventListener("abort", wake);
  let lost: Error | null = null;
  const listening = await bus.changeSignal.listen("all", (error) => {
    lost ??= error;
    wake();
  });
  try {
    for (let again = false; !signal.aborted; again = true) {
      const hooksOff = preferences.read().off;
      const caller = await findCaller(bus, context.asOperator);
      const opened = await openDashboard(bus, caller, { unread, again, hooksOff });
      const shown = answer(opened, wanted, verbose, bus);
      yield { line: { type: "status", ...shown.data }, answer: shown, redraw: true };
      await changed.promise;
      if (lost) throw lost;
      changed = Promise.withResolvers<void>();
    }
  } finally {
    await listening.stop();
  }
}
