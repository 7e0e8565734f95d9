/** `heartbeat`: refreshes the heartbeat of this session, once or until stopped. */
import type { Bus } from "../bus/bus";
import { requireSession } from "../bus/caller";
import { ParleyError } from "../bus/errors";
import { duration } from "../bus/input";
import type { ProcessEvidence } from "../bus/process";
import { heartbeat } from "../bus/registration";
import { type Answer, defineCommand, flag, option, type StreamItem } from "../cli/command";

export default defineCommand({
  args: {
    watch: flag("Go on beating until stopped, or until the session has ended"),
    idle: flag("Beat for a session that may be idle: on a server this is no activity"),
    interval: option("DURATION", "Time between two beats", { default: "30s" }),
  },
  examples: ["heartbeat", "heartbeat --watch --interval 30s"],
  async run({ args, context, signal }) {
    const interval = duration(args.interval, "--interval");
    const bus = await context.bus("write");
    const automatic = args.idle === true;
    if (args.watch) return { stream: heartbeats(bus, interval, automatic, signal) };
    return answer(await heartbeat(bus, await requireSession(bus), automatic));
  },
});

const answer = (data: { session_id: string; heartbeat_at: string }): Answer => ({
  data,
  view: async () => (await import("../render/registration")).heartbeatView(data),
});

/** How often the session's process is checked between two heartbeats, in milliseconds. */
const checkInterval = 1000;

/**
 * Ends with the error of the first heartbeat that finds no session, or that fails where the session's process is gone.
 * A database that is busy is tried again at the next interval.
 */
async function* heartbeats(
  bus: Bus,
  interval: number,
  automatic: boolean,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  let evidence: ProcessEvidence | null = null;
  const isGone = (): boolean =>
    evidence !== null && bus.identity.processes.state(evidence) === "gone";
  while (!signal.aborted) {
    try {
      const data = await heartbeat(bus, await requireSession(bus), automatic);
      yield { line: { type: "heartbeat", ...data }, answer: answer(data) };
      evidence ??= (await bus.store.session(data.session_id))?.evidence ?? null;
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== "busy" || isGone()) throw error;
    }
    await pause(interval, signal, isGone);
  }
}

/** Clears its timers on abort, since a running timer would keep the process alive after the end of the stream. */
function pause(milliseconds: number, signal: AbortSignal, isOver: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      clearInterval(checks);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    const checks = setInterval(() => isOver() && end(), checkInterval);
    signal.addEventListener("abort", end);
  });
}
