import { momentOf, type Moment } from "../../src/bus/liveness";
import { defaultSettings } from "../../src/bus/settings";

/** Now, with all processes running. */
export const momentNow = (): Moment =>
  momentOf(
    { state: () => "running", uptimeSeconds: () => 1, source: "/proc" },
    Date.now(),
    defaultSettings,
  );
