/** Port: processes: the evidence of one, its state, signals to it; and the command that starts this program. */

/** Evidence that ties a session to one process. Never wall time, since clocks are set. */
export interface ProcessEvidence {
  boot_id: string;
  /** Identity of the machine's installation (`/etc/machine-id`, hashed); null where there is none. */
  host_id: string | null;
  /** Inode of the pid namespace; empty where the platform has none. */
  pid_namespace: string;
  pid: number;
  /** When the process started, in the platform's own unit (clock ticks since boot on Linux). */
  start_ticks: string;
}

/** `unknown`: it cannot be judged from here (another namespace, another machine). */
export type ProcessState = "running" | "stopped" | "gone" | "unknown";

/** Port: the processes of this machine. Synchronous: it is called inside transactions. */
export interface ProcessTable {
  state(evidence: ProcessEvidence): ProcessState;
  /** Seconds since the process started; null where it is not running or cannot be known. */
  uptimeSeconds(evidence: ProcessEvidence): number | null;
  /** How the table was read, for the observations of `status`: `/proc` or `ps`. */
  readonly source: string;
}

type ProcessSignal = "SIGTERM" | "SIGKILL";

/** Port: what only a rescue needs of processes. */
export interface ProcessControl {
  /** CPU time that the process and its descendants have used; null where it is not running or cannot be known. */
  cpuSeconds(evidence: ProcessEvidence): number | null;
  /** Compares the evidence right before. `refused`: the system forbids it, or the pid may name another process here. */
  signal(evidence: ProcessEvidence, signal: ProcessSignal): "sent" | "gone" | "refused";
}

export const sameProcess = (a: ProcessEvidence | null, b: ProcessEvidence | null): boolean =>
  a !== null &&
  b !== null &&
  a.boot_id === b.boot_id &&
  a.pid_namespace === b.pid_namespace &&
  a.pid === b.pid &&
  a.start_ticks === b.start_ticks;

/** Whether this is the compiled program, not Bun with the sources. */
export const isCompiled = (): boolean => /^(\/\$bunfs\/|[A-Z]:[/\\]~BUN)/.test(Bun.main);

/** Starts this program: a compiled one is one file, the sources need Bun and their entry point. */
export const ownCommand = (): [program: string, ...entryPoint: string[]] =>
  isCompiled() ? [process.execPath] : [process.execPath, Bun.main];
