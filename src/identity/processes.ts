/** The process table: states and uptimes. */
import type { ProcessControl, ProcessEvidence, ProcessState, ProcessTable } from "../bus/process";
import type { Origin, Platform } from "./platform";

/** Judges processes by their evidence; every question is asked of the system anew. */
export function createProcessTable(platform: Platform): ProcessTable & ProcessControl {
  const state = (evidence: ProcessEvidence): ProcessState => {
    const elsewhere = judgeOrigin(evidence, platform.origin());
    if (elsewhere) return elsewhere;
    const found = platform.find(evidence.pid);
    if (found === "hidden") return "unknown";
    if (found === "gone" || found.start_ticks !== evidence.start_ticks) return "gone";
    // An unreaped dead process keeps its entry and its start.
    if (/[ZXx]/.test(found.state)) return "gone";
    return /[Tt]/.test(found.state) ? "stopped" : "running";
  };
  return {
    source: platform.source,
    state,
    uptimeSeconds(evidence) {
      const present = state(evidence);
      if (present !== "running" && present !== "stopped") return null;
      const age = platform.age(evidence.start_ticks);
      return age === null ? null : Math.floor(age);
    },
    cpuSeconds(evidence) {
      const present = state(evidence);
      return present === "running" || present === "stopped" ? platform.cpu(evidence.pid) : null;
    },
    signal(evidence, signal) {
      const { pid, boot_id, pid_namespace } = evidence;
      // An `outer` number was read from the /proc of another namespace than the one that signals go to.
      if (pid <= 1 || boot_id === "" || pid_namespace.endsWith("/outer")) return "refused";
      const present = state(evidence);
      if (present === "gone") return "gone";
      if (present === "unknown") return "refused";
      try {
        process.kill(pid, signal);
        return "sent";
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === "ESRCH" ? "gone" : "refused";
      }
    },
  };
}

/** What can be said without looking for the process; null where it must be looked for. */
function judgeOrigin(evidence: ProcessEvidence, here: Origin): "gone" | "unknown" | null {
  if (evidence.boot_id !== here.boot_id) {
    // Asked for only here: making out the host's id costs more than all the rest.
    const sameHost = evidence.host_id !== null && evidence.host_id === here.host_id;
    const bothKnown = evidence.boot_id !== "" && here.boot_id !== "";
    return sameHost && bothKnown ? "gone" : "unknown";
  }
  if (evidence.boot_id === "" && evidence.host_id !== here.host_id) return "unknown";
  return evidence.pid_namespace === here.pid_namespace ? null : "unknown";
}
