/** Adapter: wakes idle sessions by their vendors' own ways, within a time limit. */
import type { Preferences } from "../bus/preferences";
import type { AgentWaker } from "../bus/agent-wake";
import { withTimeLimit } from "../bus/time-limit";
import {
  wakeFailed,
  type VendorWaker,
  type WakeableAgent,
  type WakeEnvironment,
} from "./vendor-waker";

export interface AgentWakerOptions extends WakeEnvironment {
  agents: readonly WakeableAgent[];
  preferences(): Preferences;
}

/** Reads the preferences when they are first asked for. */
export function createAgentWaker(options: AgentWakerOptions): AgentWaker {
  let preferences: Preferences | null = null;
  const wakerOf = (vendor: string): VendorWaker | undefined =>
    options.agents.find(({ name }) => name === vendor)?.waker?.(options);
  return {
    policy() {
      preferences ??= options.preferences();
      // Where hooks are off, nothing would show the message.
      return preferences.off ? "never" : preferences.wake;
    },
    methodFor(record) {
      try {
        return wakerOf(record.llm_vendor)?.methodFor(record) ?? null;
      } catch {
        return null;
      }
    },
    async wake(record, text, limit) {
      const waker = wakerOf(record.llm_vendor);
      const way = this.methodFor(record)?.by ?? "none";
      if (!waker) return { way, ...wakeFailed("this vendor's sessions cannot be woken") };
      const stop = new AbortController();
      const answer = waker
        .wake(record, text, stop.signal)
        .catch((error: Error) => wakeFailed(error.message));
      const inTime = await withTimeLimit(limit, answer, () => stop.abort());
      return { way, ...(inTime ?? wakeFailed(`no answer within ${limit} ms`)) };
    },
  };
}
