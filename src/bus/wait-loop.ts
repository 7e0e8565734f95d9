/** Looking again whenever the bus has changed. */
import type { Bus } from "./bus";
import type { ParleyError } from "./errors";
import type { Topic } from "./change-signal";

export interface WaitLoopOptions {
  /** Whose mail it looks for. */
  mail: Topic;
  /** Ends the waiting early. */
  signal?: AbortSignal;
}

export interface WaitLimits {
  /** Milliseconds since the epoch at which the waiting ends. */
  until: number;
  /** Looks again after so many milliseconds, woken or not; without it only when something was committed. */
  intervalMs?: number;
}

/** A way of looking at the bus that is looked through again whenever something has changed. */
export interface WaitLoop {
  /**
   * Looks where something may have changed since the last look began, until there is something to see or the time is up:
   * then null. Throws `not_found` where the database is deleted or replaced meanwhile.
   */
  next<T>(limits: WaitLimits, look: () => Promise<T | null>): Promise<T | null>;
  /** The last look has not seen everything: the next one does not wait. */
  lookAgain(): void;
  stop(): Promise<void>;
}

/** Longest delay of a timer, in milliseconds (2^31 - 1). */
const maxTimer = 2_147_483_647;

/**
 * Listening begins here, and the first look is to come: nothing that is committed in between is missed. Idle it costs a
 * check of the change counter at the poll interval.
 */
export async function openWaitLoop(bus: Bus, { mail, signal }: WaitLoopOptions): Promise<WaitLoop> {
  let changed = Promise.withResolvers<void>();
  let due = true;
  let lost: ParleyError | null = null;
  const wake = (): void => {
    due = true;
    changed.resolve();
  };
  const listening = await bus.changeSignal.listen(mail, (error) => {
    lost ??= error;
    wake();
  });
  signal?.addEventListener("abort", wake);
  return {
    async next({ until, intervalMs: tick }, look) {
      for (;;) {
        if (due) {
          due = false;
          changed = Promise.withResolvers();
          const seen = await look();
          if (seen !== null) return seen;
        }
        const left = until - bus.clock.now();
        if (left <= 0 || signal?.aborted) return null;
        const timer = setTimeout(wake, Math.min(tick ?? maxTimer, left, maxTimer));
        await changed.promise;
        clearTimeout(timer);
        if (lost) throw lost;
      }
    },
    lookAgain: wake,
    async stop() {
      signal?.removeEventListener("abort", wake);
      await listening.stop();
    },
  };
}

/** Looks, and looks again whenever the bus has changed, until there is something to see or the time is up: then null. */
export async function waitFor<T>(
  bus: Bus,
  { until, intervalMs: tick, ...hearing }: WaitLimits & WaitLoopOptions,
  look: () => Promise<T | null>,
): Promise<T | null> {
  const waiting = await openWaitLoop(bus, hearing);
  try {
    return await waiting.next({ until, ...(tick === undefined ? {} : { intervalMs: tick }) }, look);
  } finally {
    await waiting.stop();
  }
}
