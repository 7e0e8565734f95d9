/** The adapter that asks hosts, which of them can answer. */
import type { SharedHosts } from "../bus/shared-hosts";
import { resumeCommand } from "../bus/resume-command";
import type { WakeEnvironment } from "./wake-method";

/** How long an answer, or the want of one, counts, in milliseconds: who waits for a lock looks four times a second. */
const fresh = 5000;

/** Codex's daemon can be asked for its threads; nobody else keeps several sessions and answers. */
export function createSharedHosts(around: WakeEnvironment): SharedHosts {
  const known = new Map<string, { at: number; loaded: Promise<ReadonlyMap<string, boolean>> }>();
  return {
    // A session whose conversation is not known is none of the threads.
    canAnswer: (record) => record.llm_vendor === "codex" && resumeCommand(record) !== null,
    async ask(records, limit) {
      const key = records.map(({ session_id }) => session_id).join(" ");
      const last = known.get(key);
      if (last && performance.now() - last.at < fresh) return last.loaded;
      const { askDaemons } = await import("../agents/codex/daemon");
      const loaded = askDaemons(records, around, limit);
      known.set(key, { at: performance.now(), loaded });
      return loaded;
    },
  };
}
