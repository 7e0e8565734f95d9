import type { Bus } from "./bus";

export interface WaitLimits {
  /** Milliseconds since the epoch at which the waiting ends. */
  until: number;
  /** Looks again after so many milliseconds, woken or not; without it only when something was committed. */
  tick?: number;
  /** Ends the waiting early. */
  signal?: AbortSignal;
}

/** Longest delay of a timer, in milliseconds (2^31 - 1). */
const longestTimer = 2_147_483_647;

/**
 * Looks, and looks again whenever the bus has changed, until there is something to see or the time is up: then null.
 * Listening begins before the first look, so that nothing that is committed in between is missed. Idle it costs a check of
 * the change counter at the poll interval.
 */
export async function waitFor<T>(
  bus: Bus,
  { until, tick, signal }: WaitLimits,
  look: () => Promise<T | null>,
): Promise<T | null> {
  let changed = Promise.withResolvers<void>();
  const wake = (): void => changed.resolve();
  const listening = await bus.wake.listen(wake);
  signal?.addEventListener("abort", wake);
  try {
    for (;;) {
      const seen = await look();
      if (seen !== null) return seen;
      const left = until - bus.clock.now();
      if (left <= 0 || signal?.aborted) return null;
      const timer = setTimeout(wake, Math.min(tick ?? longestTimer, left, longestTimer));
      await changed.promise;
      clearTimeout(timer);
      changed = Promise.withResolvers();
    }
  } finally {
    signal?.removeEventListener("abort", wake);
    await listening.stop();
  }
}
