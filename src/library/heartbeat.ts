/** Heartbeats by a timer. */
import { ParleyError } from "../bus/errors";

/** Heartbeats that go on until stopped, or until the session has ended. */
export interface Heartbeat {
  stop(): void;
}

/** Sends a heartbeat every `intervalMs`. The timer does not keep the process alive. */
export function startHeartbeats(intervalMs: number, send: () => Promise<unknown>): Heartbeat {
  const timer = setInterval(() => {
    send().catch((error: unknown) => {
      // A busy or full database is tried again: silence does not end a session whose process is seen to live.
      if (error instanceof ParleyError && error.code !== "not_registered") return;
      clearInterval(timer);
    });
  }, intervalMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
