/** Beating by a timer. */
import { ParleyError } from "../bus/errors";

/** Beats until stopped, or until the session has ended. */
export interface Heartbeat {
  stop(): void;
}

/** Beats every so many milliseconds. Its timer does not keep the process alive. */
export function beatEvery(interval: number, beat: () => Promise<unknown>): Heartbeat {
  const timer = setInterval(() => {
    beat().catch((error: unknown) => {
      // A busy or full database is worth another try: silence alone ends nobody whose process is seen to live.
      if (error instanceof ParleyError && error.code !== "not_registered") return;
      clearInterval(timer);
    });
  }, interval);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
