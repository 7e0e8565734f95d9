/** `poll`: reads a channel from a cursor on. */
import { integer } from "../bus/input";
import { poll } from "../bus/publish";
import { defineCommand } from "../cli/command";

export default defineCommand({
  meta: { name: "poll", description: "Read a channel from a cursor on" },
  args: {
    channel: {
      type: "positional",
      required: true,
      description: "Such as state or session_lifecycle",
    },
    since: {
      type: "string",
      description: "Only messages after this id",
      valueHint: "ID",
      default: "0",
    },
    limit: { type: "string", description: "At most so many", valueHint: "1-1000", default: "20" },
    recent: { type: "boolean", description: "The newest instead of the oldest" },
  },
  examples: ["poll state --since 41 --json", "poll session_lifecycle --recent"],
  async run({ args, context }) {
    const since = integer(args.since, "--since", 0, Number.MAX_SAFE_INTEGER);
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
