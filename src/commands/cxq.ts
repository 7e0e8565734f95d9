/** `cxq`: the queries of earlier message buses, by their flags. */
import { findCaller } from "../bus/caller";
import { openDashboard } from "../bus/status";
import { integer } from "../bus/input";
import { type Answer, defineCommand, flag, option, usageError } from "../cli/command";

const queries = [
  "bus-messages",
  "bus-feed",
  "bus-alerts",
  "bus-lifecycle",
  "bus-unread",
  "bus-stats",
] as const;

export default defineCommand({
  args: {
    "bus-messages": flag("The newest messages of everybody"),
    "bus-feed": flag("The same: everything in its one order"),
    "bus-alerts": flag("The unread alerts"),
    "bus-lifecycle": flag("Sessions started, resumed and ended"),
    "bus-unread": flag("This session's unread messages"),
    "bus-stats": flag("The numbers of the bus"),
    limit: option("1-1000", "At most so many messages", { default: "50" }),
  },
  examples: ["cxq --bus-unread", "cxq --bus-messages --limit 10"],
  async run({ args, context }): Promise<Answer> {
    const [query, other] = queries.filter((each) => args[each]);
    if (query === undefined || other !== undefined) {
      const flags = queries.map((each) => `--${each}`);
      throw usageError("Give one query", `one of ${flags.join(", ")}`);
    }
    const limit = integer(args.limit, "--limit", 1, 1000);
    const bus = await context.bus("read");
    if (query === "bus-messages" || query === "bus-feed") {
      const all = { limit, channels: null, directed: "all" } as const;
      const messages = await bus.store.recentMessages(all, bus.clock.now());
      const data = { messages, cursor: messages.at(-1)?.id ?? 0 };
      return {
        data,
        view: async (style) => (await import("../render/message")).feedView(data, style),
      };
    }
    const unread = query === "bus-unread";
    const { dashboard, overview, warnings, onShown, onDropped } = await openDashboard(
      bus,
      await findCaller(bus, context.asOperator),
      { unread, again: false },
    );
    const data = {
      "bus-alerts": { alerts: dashboard.alerts },
      "bus-lifecycle": { lifecycle: overview.lifecycle },
      "bus-unread": { unread: dashboard.unread },
      "bus-stats": { stats: dashboard.stats },
    }[query];
    return {
      data,
      view: async (style) =>
        (await import("../render/status")).statusView(data, style, { verbose: false, at: null }),
      warnings,
      afterFlush: () => onShown({ alerts: query === "bus-alerts", unread }),
      onDropped,
    };
  },
});
