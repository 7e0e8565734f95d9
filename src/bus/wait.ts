import type { Bus } from "./bus";
import type { ParleyError } from "./errors";
import type { Mail } from "./wake";

export interface WaitLimits {
  /** Milliseconds since the epoch at which the waiting ends. */
  until: number;
  /** Whose mail it looks for. */
  mail: Mail;
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
 * the change counter at the poll interval. Throws `not_found` where the database is deleted or replaced meanwhile.
 */
export async function waitFor<T>(
  bus: Bus,
  { until, mail, tick, signal }: WaitLimits,
  look: () => Promise<T | null>,
): Promise<T | null> {
  let changed = Promise.withResolvers<void>();
  const wake = (): void => changed.resolve();
  let lost: ParleyError | null = null;
  const listening = await bus.wake.listen(mail, (error) => {
    lost ??= error;
    wake();
  });
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
      if (lost) throw lost;
      changed = Promise.withResolvers();
    }
  } finally {
    signal?.removeEventListener("abort", wake);
    await listening.stop();
  }
}
