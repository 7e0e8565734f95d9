/** Reads CPU time and memory of processes from `/proc`. */
import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ, the unit of times in `/proc/PID/stat`: 100 on every Linux that Bun runs on (`proc(5)`). */
const ticksPerSecond = 100;

/** Seconds of CPU that these processes have used so far, together; NaN where there is no `/proc`. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    // The command in parentheses may contain anything; utime and stime are fields 14 and 15, 3 comes after it.
    const fields = read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}

/** Resident memory of a process in MiB. */
export const residentMebibytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1]) / 1024;

/** Seconds of CPU of the PostgreSQL servers on this machine; those of other machines cannot be seen. */
export const serverCpuSeconds = (): number =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/comm`).trim() === "postgres")
    .map((name) => cpuSeconds([Number(name)]))
    // One may have ended since it was listed.
    .filter((seconds) => !Number.isNaN(seconds))
    .reduce((sum, seconds) => sum + seconds, 0);

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
