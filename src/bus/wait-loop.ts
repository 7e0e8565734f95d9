/** Waits for something on the bus: checks again whenever it has changed. */
import type { Bus } from "./bus";
import type { ParleyError } from "./errors";
import type { Topic } from "./change-signal";

export interface WaitLoopOptions {
  mail: Topic;
  signal?: AbortSignal;
}

export interface WaitLimits {
  /** Milliseconds since the epoch at which the waiting ends. */
  until: number;
  /** Milliseconds after which it checks again without a change signal; missing: it never does. */
  intervalMs?: number;
}

export interface WaitLoop {
  /** Checks after each change until something is found; null: time is up. Throws `not_found`: database deleted or replaced. */
  next<T>(limits: WaitLimits, check: () => Promise<T | null>): Promise<T | null>;
  /** The last check has not read everything: the next one does not wait. */
  checkAgain(): void;
  stop(): Promise<void>;
}

/** Longest delay of a timer, in milliseconds (2^31 - 1). */
const maxTimerMs = 2_147_483_647;

/** Listens before the first check, so that no commit is missed. Idle, it costs a read of the change counter per poll interval. */
export async function openWaitLoop(bus: Bus, { mail, signal }: WaitLoopOptions): Promise<WaitLoop> {
  let changed = Promise.withResolvers<void>();
  let due = true;
  let lost: ParleyError | null = null;
  const wake = (): void => {
    due = true;
    changed.resolve();
  };
  const subscription = await bus.changeSignal.listen(mail, (error) => {
    lost ??= error;
    wake();
  });
  signal?.addEventListener("abort", wake);
  return {
    async next({ until, intervalMs = maxTimerMs }, check) {
      for (;;) {
        if (lost) throw lost;
        if (due) {
          due = false;
          changed = Promise.withResolvers();
          const found = await check();
          if (found !== null) return found;
        }
        const left = until - bus.clock.now();
        if (left <= 0 || signal?.aborted) return null;
        const timer = setTimeout(wake, Math.min(intervalMs, left, maxTimerMs));
        await changed.promise;
        clearTimeout(timer);
      }
    },
    checkAgain: wake,
    async stop() {
      signal?.removeEventListener("abort", wake);
      await subscription.stop();
    },
  };
}

/** Checks whenever the bus has changed, until `check` finds something; null when the time is up. */
export async function waitFor<T>(
  bus: Bus,
  options: WaitLimits & WaitLoopOptions,
  check: () => Promise<T | null>,
): Promise<T | null> {
  const loop = await openWaitLoop(bus, options);
  try {
    return await loop.next(options, check);
  } finally {
    await loop.stop();
  }
}
