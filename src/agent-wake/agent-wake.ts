/** Adapter: wakes idle sessions and asks shared hosts, by their vendors' own ways. */
import type { AgentWaker } from "../bus/agent-wake";
import type { Preferences } from "../bus/preferences";
import type { SharedHosts } from "../bus/shared-hosts";
import { withTimeLimit } from "../bus/clock";
import {
  type VendorHost,
  type VendorWaker,
  wakeFailed,
  type WakeableAgent,
  type WakeEnvironment,
} from "./vendor-waker";

interface WakeableAgents extends WakeEnvironment {
  agents: readonly WakeableAgent[];
}

/** Wakes sessions within a time limit. Reads the preferences when they are first asked for. */
export function createAgentWaker(
  options: WakeableAgents & { preferences(): Preferences },
): AgentWaker {
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

/** How long an answer, or the want of one, counts, in milliseconds: a session that waits for a lock asks four times a second. */
const freshForMs = 5000;

/** Asks the processes that host several sessions, as far as their vendors let them be asked. */
export function createSharedHosts(options: WakeableAgents): SharedHosts {
  const recent = new Map<string, { at: number; answers: ReturnType<SharedHosts["ask"]> }>();
  const hostOf = (vendor: string): VendorHost | undefined =>
    options.agents.find(({ name }) => name === vendor)?.host;
  const ask: SharedHosts["ask"] = async (records, limit) => {
    const vendors = [...Map.groupBy(records, ({ llm_vendor }) => llm_vendor)];
    const answers = vendors.map(([vendor, own]) => hostOf(vendor)?.ask(own, options, limit));
    return new Map((await Promise.all(answers)).flatMap((each) => [...(each ?? [])]));
  };
  return {
    canAnswer: (record) => hostOf(record.llm_vendor)?.canAnswer(record) ?? false,
    async ask(records, limit) {
      const key = records.map(({ session_id }) => session_id).join(" ");
      const last = recent.get(key);
      if (last && performance.now() - last.at < freshForMs) return last.answers;
      const answers = ask(records, limit);
      recent.set(key, { at: performance.now(), answers });
      return answers;
    },
  };
}
