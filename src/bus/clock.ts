/** Port: the clock; the one written form of a time; and a time limit for a promise. */

/** The one source of time. `now()` is milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** The one form in which times are written: ISO 8601 UTC with milliseconds and `Z`. */
export const timestamp = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Milliseconds since the epoch, or null. Rows of other programs may carry SQLite's `YYYY-MM-DD HH:MM:SS`, which is UTC. */
export function parseTime(text: string | null | undefined): number | null {
  if (typeof text !== "string") return null;
  const iso = /^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text)
    ? `${text.replace(" ", "T")}Z`
    : text;
  const milliseconds = Date.parse(iso);
  return Number.isNaN(milliseconds) ? null : milliseconds;
}

/** The promise's value; null after the limit, once `onTimeout` was called. Leaves no timer that keeps the process waiting. */
export async function withTimeLimit<T>(
  milliseconds: number,
  promise: Promise<T>,
  onTimeout: () => void = () => {},
): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => {
    onTimeout();
    late.resolve(null);
  }, milliseconds);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
