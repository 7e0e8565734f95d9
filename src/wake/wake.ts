import type { Listening, Wake } from "../bus/wake";
import { everyone, removeBells, ringBell } from "./doorbell";

export interface WakeOptions {
  /** `<database directory>/bell`. */
  directory: string;
  /** `poll`: no native watcher. */
  mode: "auto" | "poll";
  /** The floor: milliseconds between two checks, whatever the watcher says. */
  pollMilliseconds: number;
  /** The store's change counter; a check that finds it unchanged wakes nobody. */
  changeCount: () => Promise<number>;
}

/** An event can be seen before its commit is: after any wake it is checked again after 1, 2, 4 … 64 ms. */
const lastRecheck = 64;

export const createWake = (options: WakeOptions): Wake => ({
  ring: (sessionIds) => {
    ringBell(options.directory, everyone);
    for (const id of sessionIds) ringBell(options.directory, id);
  },
  keepOnly: (sessionIds) => removeBells(options.directory, new Set([everyone, ...sessionIds])),
  listen: (onWake) => listen(options, onWake),
});

async function listen(options: WakeOptions, onWake: () => void): Promise<Listening> {
  const { changeCount, pollMilliseconds } = options;
  let seen = await changeCount();
  let stopped = false;
  let recheck: Timer | undefined;

  const check = async (): Promise<void> => {
    if (stopped) return;
    const now = await changeCount();
    if (now === seen || stopped) return;
    seen = now;
    onWake();
  };
  const checkAgainAfter = (delay: number): void => {
    clearTimeout(recheck);
    if (delay > lastRecheck || stopped) return;
    recheck = setTimeout(() => void check().then(() => checkAgainAfter(delay * 2)), delay);
  };
  const rung = (): void => void check().then(() => checkAgainAfter(1));

  const floor = setInterval(() => void check(), pollMilliseconds);
  const native = options.mode === "poll" ? "poll asked for" : await watch(options.directory, rung);
  const poll = `poll ${pollMilliseconds} ms`;
  return {
    source: typeof native === "string" ? `${poll} (${native})` : `${native.backend} + ${poll}`,
    stop: async () => {
      stopped = true;
      clearInterval(floor);
      clearTimeout(recheck);
      if (typeof native !== "string") await native.stop();
    },
  };
}

/** The native watcher, or why there is none. */
async function watch(
  directory: string,
  rung: () => void,
): Promise<{ backend: string; stop(): Promise<void> } | string> {
  ringBell(directory, everyone);
  try {
    const { subscribeDirectory } = await import("./native");
    return await subscribeDirectory(directory, rung);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
