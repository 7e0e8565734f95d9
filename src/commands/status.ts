/** `status`: shows the dashboard or its filtered lists, and redraws it with `--watch`. */
import type { Bus } from "../bus/bus";
import { findCaller } from "../bus/caller";
import { openDashboard, type OpenedDashboard } from "../bus/status";
import { ParleyError } from "../bus/errors";
import { openWaitLoop } from "../bus/wait-loop";
import { type Answer, type Context, defineCommand, flag, type StreamItem } from "../cli/command";
import type { StatusData } from "../render/status";

/** The filtered lists, in the order in which several are printed. */
const lists = ["stats", "locks", "claims", "alerts", "unread", "lifecycle"] as const;
type List = (typeof lists)[number];

export default defineCommand({
  args: {
    stats: flag("Only the numbers of the bus"),
    locks: flag("Only the file locks"),
    claims: flag("Only the task claims"),
    alerts: flag("Only the unread alerts, which are marked as delivered"),
    unread: flag("Only this session's unread messages, which are marked as delivered"),
    lifecycle: flag("Only the last 20 sessions started, resumed and ended"),
    verbose: flag("Milliseconds, registration, heartbeat, task and bus details"),
    log: {
      type: "boolean",
      default: true,
      description: "Append the dashboard to the session log",
      negativeDescription: "Append nothing to the session log",
    },
    watch: flag("Show it again whenever the bus changes; logs nothing"),
  },
  examples: ["status", "status --stats", "status --alerts --unread", "status --no-log --json"],
  async run({ args, context, signal }) {
    const wanted = lists.filter((list) => args[list]);
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

const prints = (wanted: readonly List[], list: List): boolean =>
  wanted.length === 0 || wanted.includes(list);

/** The dashboard, or the lists that were asked for. Only what is printed is marked as delivered. */
function answer(
  opened: OpenedDashboard,
  wanted: readonly List[],
  verbose: boolean,
  bus: Bus,
): Answer {
  const { dashboard, overview, warnings } = opened;
  const { stats, alerts, unread } = dashboard;
  const { locks, claims, lifecycle } = overview;
  const sources = { stats, locks, claims, alerts, unread, lifecycle };
  const data: StatusData =
    wanted.length === 0
      ? dashboard
      : Object.fromEntries(wanted.map((list) => [list, sources[list]]));
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

/** Appends nothing without active sessions. A log that cannot be written becomes a warning. */
async function appendToLog(
  { dashboard, warnings }: OpenedDashboard,
  context: Context,
): Promise<void> {
  if (dashboard.sessions.length === 0) return;
  const at = context.clock.now();
  const own = dashboard.sessions.find((session) => session.session_id === dashboard.this_session);
  const { dashboardEntry } = await import("../render/log-entry");
  const { authorName } = await import("../bus/session-log");
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
  wanted: readonly List[],
  verbose: boolean,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  const unread = prints(wanted, "unread");
  const preferences = context.preferences();
  let again = false;
  const loop = await openWaitLoop(bus, { mail: "all", signal });
  try {
    for (;;) {
      const redraw = await loop.next({ until: Number.POSITIVE_INFINITY }, async () => {
        // Opening reserves messages for a reader, and after the abort there is none.
        if (signal.aborted) return null;
        const hooksOff = preferences.read().off;
        const caller = await findCaller(bus, context.asOperator);
        const opened = await openDashboard(bus, caller, { unread, again, hooksOff });
        return answer(opened, wanted, verbose, bus);
      });
      if (redraw === null) return;
      again = true;
      yield { line: { type: "status", ...redraw.data }, answer: redraw, redraw: true };
    }
  } finally {
    await loop.stop();
  }
}
