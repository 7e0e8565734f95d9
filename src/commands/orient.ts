/** `orient`: shows a starting session the other sessions and its messages. */
import { findCaller } from "../bus/caller";
import { orient } from "../bus/conflicts";
import { defineCommand } from "../cli/command";

export default defineCommand({
  args: {},
  examples: ["orient", "orient --json"],
  async run({ context }) {
    const bus = await context.bus("read");
    const { result, opened } = await orient(bus, await findCaller(bus, context.asOperator));
    return {
      data: result,
      view: async (style) =>
        (await import("../render/orient")).orientView(result, style, opened.dashboard.this_session),
      warnings: opened.warnings,
      afterFlush: () => opened.onShown({ alerts: true, unread: true }),
      onDropped: opened.onDropped,
    };
  },
});
