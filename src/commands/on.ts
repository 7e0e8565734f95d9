/** `on`: switches the hooks of all agents on again. */
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "on", description: "Let the hooks of agents work again" },
  args: {},
  examples: ["on"],
  async run({ context }) {
    const data = context.preferences().change({ off: false });
    return {
      data,
      view: async (style) => (await import("../render/setup")).preferencesView(data, style),
    };
  },
});
