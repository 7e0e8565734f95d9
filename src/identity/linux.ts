/** Linux: reads processes from /proc. */
import { readdirSync, readFileSync } from "node:fs";

import { hostId } from "./machine";
import type { Origin, Platform, ProcessFacts } from "./platform";
import { readLink, readText } from "./read";

/** Unit of the times in /proc: USER_HZ, 100 on every architecture that Bun runs on (`man 5 proc`). */
const ticksPerSecond = 100;

/** Starts no program. */
export function createLinux(): Platform {
  let self: ProcessFacts | null | undefined;
  let origin: Origin | undefined;
  const caller = (): ProcessFacts | null => {
    const text = self === undefined ? readText("/proc/self/stat") : null;
    return (self ??= text === null ? null : parseStat(text));
  };
  return {
    source: "/proc",
    caller,
    find,
    argv,
    cwd,
    cpu,
    origin: () => (origin ??= readOrigin(caller()?.pid)),
    age(start_ticks) {
      const seconds =
        Number.parseFloat(readText("/proc/uptime") ?? "") - Number(start_ticks) / ticksPerSecond;
      // Negative in containers whose /proc/uptime counts from the container's start.
      return seconds >= 0 ? seconds : null;
    },
  };
}

/** Parses `/proc/PID/stat`. The name may hold spaces, parentheses and newlines: it ends at the last one. */
export function parseStat(text: string): ProcessFacts | null {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const pid = Number.parseInt(text, 10);
  // Fields from the third on, numbered as in `man 5 proc`: field n is rest[n - 3].
  const rest = text.slice(close + 2).split(" ");
  const [state, ppid, , , tty] = rest;
  const start_ticks = rest[22 - 3];
  if (open < 0 || close < open || !(pid > 0) || !state || !start_ticks) return null;
  const stack = rest[28 - 3];
  return {
    pid,
    ppid: Number(ppid),
    comm: text.slice(open + 1, close),
    state,
    start_ticks,
    tty: terminal(Number(tty)),
    // Address randomisation gives each executed program its own; the kernel shows 0 to other users.
    image: stack && stack !== "0" ? `${rest[26 - 3]}:${stack}` : "",
  };
}

/** The device's name by its number: major in bits 8–19, minor in the others. */
export function terminal(device: number): string | null {
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `/dev/pts/${(major - 136) * 256 + minor}`;
  if (major === 4) return minor < 64 ? `/dev/tty${minor}` : `/dev/ttyS${minor - 64}`;
  return null;
}

function find(pid: number): ProcessFacts | "gone" | "hidden" {
  if (!Number.isSafeInteger(pid) || pid <= 0) return "gone";
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? "hidden";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return "gone";
    return code === "ENOENT" && !answers(pid) ? "gone" : "hidden";
  }
}

/** A mount with `hidepid` has no entry for other users' processes, but signal 0 still shows whether they exist. */
function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readOrigin(pid: number | undefined): Origin {
  // "pid:[4026531836]"
  const namespace = readLink("/proc/self/ns/pid")?.slice("pid:[".length, -1) ?? "";
  return {
    boot_id: (readText("/proc/sys/kernel/random/boot_id") ?? "").trim(),
    get host_id() {
      return hostId();
    },
    // A sandbox may see the /proc of the outer namespace, whose pids are not those of this namespace.
    pid_namespace: pid === process.pid ? namespace : `${namespace}/outer`,
  };
}

function argv(pid: number): string[] {
  // A process that has set its title leaves the rest of the area zeroed.
  const text = readText(`/proc/${pid}/cmdline`) ?? "";
  let end = text.length;
  while (text[end - 1] === "\0") end--;
  return end === 0 ? [] : text.slice(0, end).split("\0");
}

function cwd(pid: number): string | null {
  const path = readLink(`/proc/${pid}/cwd`);
  return path === null || path.endsWith(" (deleted)") ? null : path;
}

function cpu(pid: number): number | null {
  const text = readText(`/proc/${pid}/stat`);
  if (text === null) return null;
  // utime, stime, cutime and cstime: fields 14 to 17.
  const ticks = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .slice(14 - 3, 18 - 3);
  const own = ticks.reduce((sum, each) => sum + Number(each), 0) / ticksPerSecond;
  return childrenOf(pid).reduce((sum, child) => sum + (cpu(child) ?? 0), own);
}

/** Each thread has its own children. Kernels built without PROC_CHILDREN show none. */
function childrenOf(pid: number): number[] {
  const threads = `/proc/${pid}/task`;
  try {
    return readdirSync(threads).flatMap((thread) =>
      (readText(`${threads}/${thread}/children`) ?? "").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}
