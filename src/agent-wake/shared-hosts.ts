/** Adapter: asks the processes that host several sessions, as far as their vendors let them be asked. */
import type { SharedHosts } from "../bus/shared-hosts";
import type { VendorHost, WakeableAgent, WakeEnvironment } from "./vendor-waker";

/** How long an answer, or the want of one, counts, in milliseconds: a session that waits for a lock asks four times a second. */
const freshForMs = 5000;

export interface SharedHostOptions extends WakeEnvironment {
  agents: readonly WakeableAgent[];
}

export function createSharedHosts(options: SharedHostOptions): SharedHosts {
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
