/** The adapter: the table of vendors, within a time limit. */
import type { Preferences } from "../bus/preferences";
import type { AgentWaker } from "../bus/agent-wake";
import { withTimeLimit } from "../bus/time-limit";
import { claudeReach } from "../agents/claude/wake";
import { codexReach } from "../agents/codex/wake";
import { opencodeReach } from "../agents/opencode/wake";
import { wakeFailed, type WakeEnvironment, type VendorWaker } from "./wake-method";

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
      const stop = new AbortController();
      const answer = vendor
        .wake(record, text, stop.signal)
        .catch((error: Error) => wakeFailed(error.message));
      const inTime = await withTimeLimit(limit, answer, () => stop.abort());
      return { way, ...(inTime ?? wakeFailed(`no answer within ${limit} ms`)) };
    },
  };
}
