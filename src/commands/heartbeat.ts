import type { Bus } from "../bus/bus";
import { duration } from "../bus/input";
import { heartbeat } from "../bus/registration";
import { defineCommand, type StreamItem } from "../cli/command";

export default defineCommand({
  meta: { name: "heartbeat", description: "Give a sign of life of this session" },
  args: {
    watch: {
      type: "boolean",
      description: "Go on beating until stopped, or until the session has ended",
    },
    interval: {
      type: "string",
      description: "Time between two beats",
      valueHint: "DURATION",
      default: "30s",
    },
  },
  examples: ["heartbeat", "heartbeat --watch --interval 30s"],
  async run({ args, context, signal }) {
    const interval = duration(args.interval, "--interval");
    const bus = await context.bus("write");
    if (args.watch) return { stream: beats(bus, interval, signal) };
    return { view: "heartbeat", data: await heartbeat(bus) };
  },
});

/** Ends by the error of the first beat that finds no session. */
async function* beats(bus: Bus, interval: number, signal: AbortSignal): AsyncGenerator<StreamItem> {
  while (!signal.aborted) {
    const data = await heartbeat(bus);
    yield { line: { type: "heartbeat", ...data }, answer: { view: "heartbeat", data } };
    await pause(interval, signal);
  }
}

/** A timer that is left running would keep the process alive after the end of the stream. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}
