/** Evidence that ties a session to one process. Never wall time: clocks step. */
export interface ProcessEvidence {
  /** The kernel's id of this boot. */
  boot_id: string;
  /** Identity of the machine's installation (`/etc/machine-id`, hashed); null where there is none. */
  host_id: string | null;
  /** Inode of the pid namespace; empty where the platform has none. */
  pid_namespace: string;
  pid: number;
  /** When the process started, in the platform's own unit (clock ticks since boot on Linux). */
  start_ticks: string;
}

/** `unknown`: this observer cannot judge (another namespace, another machine). */
export type ProcessState = "running" | "stopped" | "gone" | "unknown";

/** Port: what this machine knows about processes. Synchronous: it is asked inside transactions. */
export interface ProcessTable {
  state(evidence: ProcessEvidence): ProcessState;
  /** Seconds since the process started; null where it is not running or cannot be known. */
  uptimeSeconds(evidence: ProcessEvidence): number | null;
  /** How the table was read, for the observations of `status`: `/proc` or `ps`. */
  readonly source: string;
}

export const sameProcess = (a: ProcessEvidence | null, b: ProcessEvidence | null): boolean =>
  a !== null &&
  b !== null &&
  a.boot_id === b.boot_id &&
  a.pid_namespace === b.pid_namespace &&
  a.pid === b.pid &&
  a.start_ticks === b.start_ticks;
