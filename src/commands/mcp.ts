/** `mcp`: serves the bus as MCP tools on standard streams. */
import { duration } from "../bus/input";
import { type Context, defineCommand, option, type StreamItem, usageError } from "../cli/command";
import { version } from "../cli/version";
import { serve } from "../mcp/server";

export default defineCommand({
  args: {
    llm: option("VENDOR", "Vendor of the agent, where it cannot be detected"),
    interval: option("DURATION", "Time between two signs of life of the session", {
      default: "30s",
    }),
  },
  examples: ["mcp", "mcp --llm claude"],
  async run({ args, context, signal }) {
    if (context.asOperator) {
      const problem = "The tools act for an agent's session, not for the operator";
      throw usageError(problem, "leave --as out");
    }
    const interval = duration(args.interval, "--interval");
    return { stream: served(context, args.llm, interval, signal) };
  },
});

/** A stream without items, since stdout is the protocol's. It ends with the protocol session. */
async function* served(
  context: Context,
  vendor: string | undefined,
  interval: number,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  const { io } = context;
  await serve({
    input: io.stdin(),
    write: (text) => io.write(text),
    open: async (mode) => {
      const own = context.another();
      return { bus: await own.bus(mode), close: async () => own[Symbol.asyncDispose]() };
    },
    version: (await version()).version,
    vendor,
    interval,
    log: (text) => void io.say("warn", text),
    signal,
  });
  yield* [];
}
