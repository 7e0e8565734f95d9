/** Nothing without a spawn. */
import type { Platform } from "./platform";

/**
 * Windows tells a process its parent's number and nothing more without starting a program for each question, so
 * there is no evidence: sessions live by their heartbeats.
 */
export function createWindows(): Platform {
  return {
    source: "none",
    caller: () => null,
    find: () => "hidden",
    argv: () => [],
    cwd: () => null,
    cpu: () => null,
    origin: () => ({ boot_id: "", host_id: null, pid_namespace: "" }),
    age: () => null,
  };
}
