/** `off`: switches the hooks of all agents off. */
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "off", description: "Make every hook of every agent silent and permissive" },
  args: {},
  examples: ["off"],
  async run({ context }) {
    const data = context.preferences().change({ off: true });
    return {
      data,
      view: async (style) => (await import("../render/setup")).preferencesView(data, style),
    };
  },
});
