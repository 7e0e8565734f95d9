/** The adapter: the table of vendors, within a time limit. */
import type { Preferences } from "../bus/preferences";
import type { AgentWaker } from "../bus/agent-wake";
import { claudeReach } from "../agents/claude/wake";
import { codexReach } from "../agents/codex/wake";
import { opencodeReach } from "../agents/opencode/wake";
import { type Answer, wakeFailed, type WakeEnvironment, type VendorWaker } from "./wake-method";

/** Vendors whose idle sessions can be woken. One file each. */
const vendors: Readonly<Record<string, (around: WakeEnvironment) => VendorWaker>> = {
  claude: claudeReach,
  codex: codexReach,
  opencode: opencodeReach,
};

export interface ReachOptions extends WakeEnvironment {
  preferences(): Preferences;
}

/** Makes the adapter; what it needs is looked at when it is needed. */
export function createAgentWaker(options: ReachOptions): AgentWaker {
  let chosen: Preferences | null = null;
  const of = (vendor: string): VendorWaker | null =>
    Object.hasOwn(vendors, vendor) ? (vendors[vendor]?.(options) ?? null) : null;
  return {
    policy() {
      chosen ??= options.preferences();
      // Where hooks are off, nothing would show the message.
      return chosen.off ? "never" : chosen.wake;
    },
    methodFor(record) {
      try {
        return of(record.llm_vendor)?.methodFor(record) ?? null;
      } catch {
        return null;
      }
    },
    async wake(record, text, limit) {
      const vendor = of(record.llm_vendor);
      const way = this.methodFor(record)?.by ?? "none";
      if (!vendor) return { way, ...wakeFailed("this vendor's sessions cannot be woken") };
      return { way, ...(await within(limit, (signal) => vendor.wake(record, text, signal))) };
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
    late.resolve(wakeFailed(`no answer within ${limit} ms`));
  }, limit);
  const answer = ring(stop.signal).catch((error: Error) => wakeFailed(error.message));
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
