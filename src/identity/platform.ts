/** Adapter: states, uptimes, CPU times and signals of processes, by what the operating system shows of them. */
import type { ProcessControl, ProcessEvidence, ProcessState, ProcessTable } from "../bus/process";
import { createLinux } from "./linux";
import { createPs } from "./ps";

/** One process as the operating system shows it. */
export interface ProcessFacts {
  pid: number;
  /** 0 where the parent lies outside this pid namespace. */
  ppid: number;
  /** The kernel's short name, without a directory; any bytes may occur in it. */
  comm: string;
  /** One letter, as `ps` prints it. */
  state: string;
  /** Grows with time; see `ProcessEvidence.start_ticks`. */
  start_ticks: string;
  /** Controlling terminal such as `/dev/pts/3`. */
  tty: string | null;
  /** Equal in a process and in its fork that never executed a program; empty where unknown. */
  image: string;
}

/** The part of the evidence that all visible processes have in common. */
export type Origin = Readonly<Pick<ProcessEvidence, "boot_id" | "host_id" | "pid_namespace">>;

/** What an operating system shows of its processes. Nothing here throws. */
export interface Platform {
  readonly source: string;
  /** The calling process; null where the system has no list of processes that can be read. */
  caller(): ProcessFacts | null;
  /** `hidden`: it may exist, but cannot be seen from this process. */
  find(pid: number): ProcessFacts | "gone" | "hidden";
  /** Empty where unknown. */
  argv(pid: number): string[];
  cwd(pid: number): string | null;
  /** CPU seconds of a process and of all below it, those it has waited for included; null where unknown. */
  cpu(pid: number): number | null;
  origin(): Origin;
  /** Seconds since a process started; null where unknown. */
  age(start_ticks: string): number | null;
}

export function createPlatform(): Platform {
  if (process.platform === "win32") return createWindows();
  const linux = process.platform === "linux" ? createLinux() : null;
  return linux?.caller() ? linux : createPs();
}

/** Windows tells only the parent's pid without starting a program, so sessions have no evidence and live by their heartbeats. */
const createWindows = (): Platform => ({
  source: "none",
  caller: () => null,
  find: () => "hidden",
  argv: () => [],
  cwd: () => null,
  cpu: () => null,
  origin: () => ({ boot_id: "", host_id: null, pid_namespace: "" }),
  age: () => null,
});

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
