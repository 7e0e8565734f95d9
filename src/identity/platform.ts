/** What an operating system has to show. */
import type { ProcessEvidence } from "../bus/process";
import { createLinux } from "./linux";
import { createPs } from "./ps";
import { createWindows } from "./windows";

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

/** The part of the evidence that all processes seen from here have in common. */
export type Origin = Readonly<Pick<ProcessEvidence, "boot_id" | "host_id" | "pid_namespace">>;

/** What an operating system tells about processes. Nothing here throws. */
export interface Platform {
  readonly source: string;
  /** The process that asks; null where the system keeps no list that we can read. */
  caller(): ProcessFacts | null;
  /** `hidden`: it may exist, but cannot be seen from here. */
  find(pid: number): ProcessFacts | "gone" | "hidden";
  /** Empty where unknown. */
  argv(pid: number): string[];
  cwd(pid: number): string | null;
  /** CPU seconds of a process and all below it, those that it has collected among them; null where unknown. */
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
