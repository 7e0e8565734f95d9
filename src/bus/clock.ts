/** Port: the clock, and the one written form of a time. */

/** The one source of time. `now()` is milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** The one form in which times are written: ISO 8601 UTC with milliseconds and `Z`. */
export const timestamp = (milliseconds: number): string => new Date(milliseconds).toISOString();

/**
 * Milliseconds since the epoch of a stored time, or null where it is none. Rows made by other programs
 * may carry SQLite's `YYYY-MM-DD HH:MM:SS`, which is UTC.
 */
export function parseTime(text: string | null | undefined): number | null {
  if (typeof text !== "string") return null;
  const iso = /^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text)
    ? `${text.replace(" ", "T")}Z`
    : text;
  const milliseconds = Date.parse(iso);
  return Number.isNaN(milliseconds) ? null : milliseconds;
}
