/** Formats sizes, durations, counts, times and priorities. */
import { priorityLabels } from "../bus/message";

/** `52 KB`, from 1 MB on `1.4 MB`; 1 KB is 1024 bytes. */
export const size = (bytes: number): string =>
  bytes < 1024 * 1024
    ? `${Math.ceil(bytes / 1024)} KB`
    : `${(bytes / (1024 * 1024)).toFixed(1)} MB`;

const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** `3d 4h`, `2h 15m`, `12m 3s`, `45s`: the two largest units, the smaller left out where it is 0. */
export function duration(seconds: number): string {
  const rounded = Math.max(0, Math.floor(seconds));
  const first = units.findIndex(([, length]) => rounded >= length);
  const [unit, length] = units[first] ?? ["s", 1];
  const [lesser, lesserLength] = units[first + 1] ?? ["", 1];
  const rest = lesser === "" ? 0 : Math.floor((rounded % length) / lesserLength);
  return `${Math.floor(rounded / length)}${unit}${rest > 0 ? ` ${rest}${lesser}` : ""}`;
}

const storedTime = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?Z?$/;

/**
 * A stored time as it is shown: `2026-02-11T00:31:37Z`, with its milliseconds where `precise`. Rows made by other
 * programs may hold SQLite's form, which is UTC, or no time at all.
 */
export function time(text: string, precise = false): string {
  const [, date, clock, fraction = ""] = storedTime.exec(text) ?? [];
  return date ? `${date}T${clock}${precise ? fraction : ""}Z` : "(unknown time)";
}

/** `high` for 2; the number itself where it is none of ours. */
export const priorityLabel = (priority: number): string =>
  priorityLabels[priority] ?? String(priority);
