/** `feed`: shows every message of the bus in order. */
import { integer } from "../bus/input";
import { feed } from "../bus/publish";
import { defineCommand, flag, option } from "../cli/command";
import { messageStream } from "./watch";

export default defineCommand({
  args: {
    limit: option("1-1000", "At most so many", { default: "50" }),
    since: option("ID", "Only messages after this id"),
    follow: flag("Go on with what comes, until stopped"),
  },
  examples: ["feed --limit 10", "feed --since 120 --json", "feed --follow"],
  async run({ args, context, signal }) {
    const limit = integer(args.limit, "--limit", 1, 1000);
    const since = args.since === undefined ? null : integer(args.since, "--since", 0);
    const bus = await context.bus("read");
    if (!args.follow) {
      const data = await feed(bus, since, limit);
      return {
        data,
        view: async (style) => (await import("../render/message")).feedView(data, style),
      };
    }
    const { messages } = since === null ? await feed(bus, null, limit) : { messages: [] };
    // The newest messages come from the cursor as well, so it is set before the first of them.
    const from = since ?? (messages[0] ? messages[0].id - 1 : null);
    const query = { channels: [], all: true, since: from, duration: null, signal };
    return { stream: messageStream(context, query, false) };
  },
});
