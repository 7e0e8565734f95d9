/** Port: what an operating system shows of its processes. */
import type { ProcessEvidence } from "../bus/process";
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

/**
 * Windows tells a process its parent's pid and nothing more without starting a program for each question. So there is no
 * evidence, and sessions live by their heartbeats.
 */
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
