import type { Preferences } from "../bus/preferences";
import type { Reach } from "../bus/reach";
import { claudeReach } from "./claude";
import { codexReach } from "./codex";
import { opencodeReach } from "./opencode";
import { type Answer, failed, type Surroundings, type VendorReach } from "./vendor";

/** Vendors whose idle sessions can be woken. One file each. */
const vendors: Readonly<Record<string, (around: Surroundings) => VendorReach>> = {
  claude: claudeReach,
  codex: codexReach,
  opencode: opencodeReach,
};

export interface ReachOptions extends Surroundings {
  preferences(): Preferences;
}

/** Makes the adapter; what it needs is looked at when it is needed. */
export function createReach(options: ReachOptions): Reach {
  let chosen: Preferences | null = null;
  const of = (vendor: string): VendorReach | null =>
    Object.hasOwn(vendors, vendor) ? (vendors[vendor]?.(options) ?? null) : null;
  return {
    policy() {
      chosen ??= options.preferences();
      // Where hooks are off, nothing would show the message.
      return chosen.off ? "never" : chosen.wake;
    },
    wayTo(record) {
      try {
        return of(record.llm_vendor)?.wayTo(record) ?? null;
      } catch {
        return null;
      }
    },
    async ring(record, text, limit) {
      const vendor = of(record.llm_vendor);
      const way = this.wayTo(record)?.by ?? "none";
      if (!vendor) return { way, ...failed("this vendor's sessions cannot be woken") };
      return { way, ...(await within(limit, (signal) => vendor.ring(record, text, signal))) };
    },
  };
}

/** The way's answer, or a failure where it throws or takes too long. */
async function within(
  limit: number,
  ring: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const stop = new AbortController();
  const late = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => {
    stop.abort();
    late.resolve(failed(`no answer within ${limit} ms`));
  }, limit);
  const answer = ring(stop.signal).catch((error: Error) => failed(error.message));
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
