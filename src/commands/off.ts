/** `off` and `on`: switch the hooks of all agents off and on again. */
import { type Command, defineCommand } from "../cli/command";

const switchVerb = (name: string, off: boolean): Command =>
  defineCommand({
    args: {},
    examples: [name],
    async run({ context }) {
      const data = context.preferences().change({ off });
      return {
        data,
        view: async (style) => (await import("../render/setup")).preferencesView(data, style),
      };
    },
  });

export const offVerb = switchVerb("off", true);
export const onVerb = switchVerb("on", false);
