/** Now, with all processes running. */
import { livenessAt, type Liveness } from "../../src/bus/liveness";
import { defaultSettings } from "../../src/bus/settings";

/** Now, with all processes running. */
export const livenessNow = (): Liveness =>
  livenessAt(
    { state: () => "running", uptimeSeconds: () => 1, source: "/proc" },
    Date.now(),
    defaultSettings,
  );
