/** macOS and other systems without /proc: reads processes from `ps`. */
import { basename } from "node:path";

import { hostId } from "./machine";
import type { Origin, Platform, ProcessFacts } from "./platform";

/** `command`: the program as `ps` prints it, with its directory where the system knows it. */
type Listed = ProcessFacts & { command: string };

/** How long a listing is used, in milliseconds: a waiting process asks again at every poll tick. */
const listingTtlMs = 1000;

/** One run of `ps` lists every process. */
export function createPs(): Platform {
  let listing: Map<number, Listed> | null = null;
  let listedAt = -Infinity;
  let commandLines: Map<number, string> | undefined;
  let origin: Origin | undefined;

  const list = (): Map<number, Listed> | null => {
    const now = performance.now();
    if (now - listedAt < listingTtlMs) return listing;
    listedAt = now;
    const text = ps("-ax", "pid", "ppid", "state", "lstart", "tty", "comm");
    return (listing = text === null ? null : parseListing(text));
  };

  return {
    source: "ps",
    caller: () => list()?.get(process.pid) ?? null,
    find(pid) {
      const processes = list();
      return processes ? (processes.get(pid) ?? "gone") : "hidden";
    },
    argv(pid) {
      commandLines ??= parseCommandLines(ps("-axww", "pid", "args") ?? "");
      return splitCommandLine(commandLines.get(pid) ?? "", list()?.get(pid)?.command);
    },
    cwd: () => null,
    cpu: () => null,
    origin: () => (origin ??= { boot_id: bootId(), host_id: hostId(), pid_namespace: "" }),
    // This is only displayed, so a stepped clock does no harm.
    age: (start_ticks) => Math.max(0, Date.now() / 1000 - Number(start_ticks)),
  };
}

/** Lines of pid, ppid, state, lstart in the C locale and UTC, tty, command. `start_ticks` are seconds since 1970. */
export function parseListing(text: string): Map<number, Listed> {
  const processes = new Map<number, Listed>();
  const line =
    /^\s*(\d+)\s+(\d+)\s+([A-Za-z])\S*\s+\w+\s+(\w+\s+\d+\s+[\d:]+\s+\d+)\s+(\S+)\s+(.*)$/gm;
  for (const [, pid, ppid, state, start, tty, command] of text.matchAll(line)) {
    const seconds = Date.parse(`${start} UTC`) / 1000;
    if (!Number.isFinite(seconds)) continue;
    processes.set(Number(pid), {
      pid: Number(pid),
      ppid: Number(ppid),
      comm: basename(command!.trim()),
      command: command!.trim(),
      state: state!,
      start_ticks: String(seconds),
      tty: /^[?-]/.test(tty!) ? null : `/dev/${tty}`,
      image: "",
    });
  }
  return processes;
}

export function parseCommandLines(text: string): Map<number, string> {
  const lines = new Map<number, string>();
  for (const [, pid, args] of text.matchAll(/^\s*(\d+)\s+(.*)$/gm)) lines.set(Number(pid), args!);
  return lines;
}

/** `ps` joins arguments with spaces; only the program's own path can be separated again. */
export function splitCommandLine(line: string, command: string | undefined): string[] {
  if (line === "") return [];
  if (command?.includes(" ") && line.startsWith(command)) {
    return [command, ...line.slice(command.length).split(" ").filter(Boolean)];
  }
  return line.split(" ").filter(Boolean);
}

/** One `-o` for each column: on BSD everything after the first `=` would be that column's heading. */
function ps(which: string, ...columns: string[]): string | null {
  const program = process.platform === "darwin" ? "/bin/ps" : "ps";
  return output([program, which, ...columns.flatMap((column) => ["-o", `${column}=`])]);
}

/** Not `kern.boottime`, which moves with the clock. */
function bootId(): string {
  if (process.platform !== "darwin") return "";
  return (output(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]) ?? "").trim();
}

/** A program's output, independent of the caller's language and time zone; null where it cannot be run. */
function output(cmd: string[]): string | null {
  try {
    const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
    const result = Bun.spawnSync({ cmd, env, stdout: "pipe", stderr: "ignore" });
    return result.success ? result.stdout.toString() : null;
  } catch {
    return null;
  }
}
