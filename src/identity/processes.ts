/** Adapter: states, uptimes, CPU times and signals of processes, by their evidence. */
import type { ProcessControl, ProcessEvidence, ProcessState, ProcessTable } from "../bus/process";
import type { Origin, Platform } from "./platform";

/** Reads the system's state anew for every question. */
export function createProcessTable(platform: Platform): ProcessTable & ProcessControl {
  const state = (evidence: ProcessEvidence): ProcessState => {
    const decided = judgeOrigin(evidence, platform.origin());
    if (decided) return decided;
    const found = platform.find(evidence.pid);
    if (found === "hidden") return "unknown";
    if (found === "gone" || found.start_ticks !== evidence.start_ticks) return "gone";
    // A dead process that was not reaped keeps its entry and its start.
    if (/[ZXx]/.test(found.state)) return "gone";
    return /[Tt]/.test(found.state) ? "stopped" : "running";
  };
  return {
    source: platform.source,
    state,
    uptimeSeconds(evidence) {
      const current = state(evidence);
      if (current !== "running" && current !== "stopped") return null;
      const age = platform.age(evidence.start_ticks);
      return age === null ? null : Math.floor(age);
    },
    cpuSeconds(evidence) {
      const current = state(evidence);
      return current === "running" || current === "stopped" ? platform.cpu(evidence.pid) : null;
    },
    signal(evidence, signal) {
      const { pid, boot_id, pid_namespace } = evidence;
      // An `outer` number was read from the /proc of another namespace than the one that signals go to.
      if (pid <= 1 || boot_id === "" || pid_namespace.endsWith("/outer")) return "refused";
      const current = state(evidence);
      if (current === "gone") return "gone";
      if (current === "unknown") return "refused";
      try {
        process.kill(pid, signal);
        return "sent";
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === "ESRCH" ? "gone" : "refused";
      }
    },
  };
}

/** The state that boot, host and namespace alone decide; null where the process must be looked for. */
function judgeOrigin(evidence: ProcessEvidence, own: Origin): "gone" | "unknown" | null {
  if (evidence.boot_id !== own.boot_id) {
    // Read in this case only: finding the host's id takes longer than the other comparisons.
    const sameHost = evidence.host_id !== null && evidence.host_id === own.host_id;
    const bothKnown = evidence.boot_id !== "" && own.boot_id !== "";
    return sameHost && bothKnown ? "gone" : "unknown";
  }
  if (evidence.boot_id === "" && evidence.host_id !== own.host_id) return "unknown";
  return evidence.pid_namespace === own.pid_namespace ? null : "unknown";
}
