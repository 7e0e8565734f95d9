/** `poll`: reads a channel from a cursor on. */
import { integer } from "../bus/input";
import { poll } from "../bus/publish";
import { defineCommand, flag, option, positional } from "../cli/command";

export default defineCommand({
  args: {
    channel: positional("Such as state or session_lifecycle"),
    since: option("ID", "Only messages after this id", { default: "0" }),
    limit: option("1-1000", "At most so many", { default: "20" }),
    recent: flag("The newest instead of the oldest"),
  },
  examples: ["poll state --since 41 --json", "poll session_lifecycle --recent"],
  async run({ args, context }) {
    const since = integer(args.since, "--since", 0);
    const limit = integer(args.limit, "--limit", 1, 1000);
    const bus = await context.bus("read");
    const recent = args.recent === true;
    const data = await poll(bus, { channel: args.channel, since, limit, recent });
    return {
      data,
      view: async (style) => (await import("../render/message")).feedView(data, style),
    };
  },
});
