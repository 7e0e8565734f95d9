/** `on`. */
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "on", description: "Let the hooks of agents work again" },
  args: {},
  examples: ["on"],
  async run({ context }) {
    return { view: "preferences", data: context.preferences().change({ off: false }) };
  },
});
