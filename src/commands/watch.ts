import type { Bus } from "../bus/bus";
import { duration, integer } from "../bus/input";
import { watch, type WatchQuery } from "../bus/publish";
import { defineCommand, type StreamItem } from "../cli/command";

export default defineCommand({
  meta: {
    name: "watch",
    description: "Show messages as they come: published ones, and this session's mail",
  },
  args: {
    channel: {
      type: "positional",
      required: false,
      description: "Only these channels; several may follow",
    },
    since: { type: "string", description: "Go on after this id (from now on)", valueHint: "ID" },
    for: { type: "string", description: "End after this time", valueHint: "60s" },
    once: { type: "boolean", description: "End after the first message" },
    verbose: { type: "boolean", description: "Say what wakes it, on standard error" },
  },
  variadic: true,
  examples: [
    "watch",
    "watch state --for 60s --json",
    "watch coordination task_broadcast --since 120",
  ],
  async run({ args, rest, context, signal }) {
    const since =
      args.since === undefined ? null : integer(args.since, "--since", 0, Number.MAX_SAFE_INTEGER);
    const time = args.for === undefined ? null : duration(args.for, "--for");
    const bus = await context.bus("read");
    if (args.verbose) {
      const listening = await bus.wake.listen(null, () => {});
      await context.io.say("info", `waking: ${listening.source}`);
      await listening.stop();
    }
    const channels = args.channel === undefined ? [] : [args.channel, ...rest];
    const query = { channels, all: false, since, duration: time, signal };
    return { stream: lines(bus, context.asOperator, query, args.once === true) };
  },
});

/** One line a message; `delivered` where it was for the caller and has reached a reader. */
export async function* lines(
  bus: Bus,
  asOperator: boolean,
  query: WatchQuery,
  once: boolean,
): AsyncGenerator<StreamItem> {
  for await (const { message, shown } of watch(bus, asOperator, query)) {
    yield {
      line: { type: "message", message },
      answer: { view: "watch", data: message, afterFlush: shown },
    };
    if (once) return;
  }
}
