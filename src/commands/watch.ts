/** `watch`: shows messages as they come; also the stream of `feed --follow`. */
import type { Bus } from "../bus/bus";
import { findCaller } from "../bus/caller";
import { ParleyError } from "../bus/errors";
import { duration, integer } from "../bus/input";
import type { Message } from "../bus/message";
import { operatorNews, watch, type WatchedMessage, type WatchQuery } from "../bus/publish";
import { isLostDatabase } from "../bus/change-signal";
import type { Context, StreamItem } from "../cli/command";
import { defineCommand, flag, option, optional, usageError } from "../cli/command";

export default defineCommand({
  args: {
    channel: optional("Only these channels; several may follow"),
    since: option("ID", "Go on after this id (from now on)"),
    for: option("60s", "End after this time"),
    operator: flag(
      "What is for the human alone: the operator's mail and critical alerts, waiting ones first",
    ),
    notify: flag(
      "With --operator: also as notifications of the desktop, or by the terminal's bell",
    ),
    once: flag("End after the first message"),
    verbose: flag("Say what wakes it, on standard error"),
  },
  variadic: true,
  examples: [
    "watch",
    "watch state --for 60s --json",
    "watch coordination task_broadcast --since 120",
    "watch --operator --notify",
  ],
  async run({ args, context, signal }) {
    const since = args.since === undefined ? null : integer(args.since, "--since", 0);
    const time = args.for === undefined ? null : duration(args.for, "--for");
    if (args.notify && !args.operator) throw usageError("--notify goes with --operator");
    if (args.operator && (args.channel !== undefined || since !== null))
      throw usageError("--operator takes no channel and no --since");
    const bus = await context.bus(args.operator ? "write" : "read");
    if (args.verbose) {
      const listening = await bus.changeSignal.listen(null, () => {});
      await context.io.say("info", `waking: ${listening.source}`);
      await listening.stop();
    }
    const channels = args._;
    const query = { channels, all: false, since, duration: time, signal };
    const once = args.once === true;
    if (!args.operator) return { stream: messageStream(context, query, once) };
    const notify = args.notify ? (await import("../cli/notify")).notify : null;
    const notifier = notify && ((message: Message) => notify(context.io, message));
    return { stream: messageStream(context, query, once, operatorNews, notifier) };
  },
});

type Source = (bus: Bus, query: WatchQuery, asOperator: boolean) => AsyncGenerator<WatchedMessage>;

const watchAsCaller: Source = async function* (bus, query, asOperator) {
  const { actor } = await findCaller(bus, asOperator);
  yield* watch(bus, actor, query);
};

/**
 * Streams messages. One for the caller becomes delivered once a reader has it. Where the database is deleted or replaced,
 * the stream continues with its successor from the first id, since ids start again there.
 */
export async function* messageStream(
  context: Context,
  query: WatchQuery,
  once: boolean,
  source: Source = watchAsCaller,
  notify: ((message: Message) => Promise<boolean>) | null = null,
): AsyncGenerator<StreamItem> {
  const { clock, io, asOperator } = context;
  const until = query.duration === null ? null : clock.now() + query.duration;
  let bus: Bus | null = await context.bus("read");
  let { since } = query;
  while (bus) {
    const remaining = until === null ? null : Math.max(0, until - clock.now());
    try {
      const current = { ...query, since, duration: remaining };
      for await (const { message, onShown, onDropped } of source(bus, current, asOperator)) {
        yield {
          line: { type: "message", message },
          answer: {
            data: message,
            view: async (style) =>
              (await import("../render/message")).streamedMessage(message, style),
            afterFlush: async () => {
              await onShown();
              await notify?.(message);
            },
            // With --notify the operator may read the notification alone.
            onDropped: async () => {
              if (await notify?.(message)) await onShown();
              else await onDropped?.();
            },
          },
        };
        if (once) return;
      }
      return;
    } catch (error) {
      if (!isLostDatabase(error)) throw error;
      await io.say("warn", `${error.message}; going on with what comes in its place`);
      since = 0;
      bus = await nextBus(context, until, query.signal);
    }
  }
}

/** Time between two attempts to open a database that is missing, in milliseconds. */
const retryMs = 250;

/** The successor of a lost database; null where there was none until the stream's end. */
async function nextBus(
  context: Context,
  until: number | null,
  signal: AbortSignal,
): Promise<Bus | null> {
  const end = until ?? Number.POSITIVE_INFINITY;
  while (!signal.aborted && context.clock.now() < end) {
    try {
      await context[Symbol.asyncDispose]();
      return await context.bus("read");
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== "not_found") throw error;
      await Bun.sleep(retryMs);
    }
  }
  return null;
}
