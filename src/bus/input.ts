/** Checks what users write: numbers, durations, choices, JSON. */
import { type ErrorExtras, ParleyError } from "./errors";

/** The whole number in a text, from `min` to `max`. `name`: as the user wrote it, such as `--priority`. Throws `invalid`. */
export function integer(text: string, name: string, min: number, max = Infinity): number {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const limits = max < Number.MAX_SAFE_INTEGER ? `from ${min} to ${max}` : `of at least ${min}`;
  throw invalidValue(`${name} takes a whole number ${limits}, not ${quoted(text)}`, name, text);
}

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Longest duration, in milliseconds: ten years. Much more, added to the clock, would be no valid time. */
const maxDuration = 3_650 * 86_400_000;

/** Milliseconds of a duration such as `250ms`, `30s`, `10m`, `1h`, `7d`. Throws `invalid`, also for zero. */
export function duration(text: string, name: string): number {
  const match = /^(\d{1,15})(ms|s|m|h|d)$/.exec(text);
  const milliseconds = match ? Number(match[1]) * (unitMs[match[2] ?? ""] ?? 0) : 0;
  if (milliseconds > 0 && milliseconds <= maxDuration) return milliseconds;
  const rule = match
    ? milliseconds > 0
      ? "takes at most 3650d"
      : "takes more than nothing"
    : "takes a whole number and a unit (ms, s, m, h, d)";
  throw invalidValue(`${name} ${rule}, not ${quoted(text)}`, name, text, {
    hint: `for example ${name} 30s`,
  });
}

/** One of the options given, or `invalid`. */
export function choice<const T extends string>(
  text: string,
  name: string,
  options: readonly T[],
): T {
  const found = options.find((option) => option === text);
  if (found !== undefined) return found;
  const list =
    options.length > 1 ? `${options.slice(0, -1).join(", ")} or ${options.at(-1)}` : options[0];
  throw invalidValue(`${name} takes ${list}, not ${quoted(text)}`, name, text, {
    details: { options },
  });
}

/** A JSON object; null for any other value. */
export const asObject = (value: unknown): Record<string, unknown> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;

/** The JSON object that a text holds; null where it holds none. */
export function objectIn(text: string): Record<string, unknown> | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The JSON object that a text holds, or `invalid`. */
export function jsonObject(text: string, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidValue(`${name} is not JSON: ${(cause as Error).message}`, name, text, { cause });
  }
  const object = asObject(value);
  if (object) return object;
  throw invalidValue(`${name} takes a JSON object, not ${quoted(text)}`, name, text, {
    hint: `for example ${name} '{"file":"paths.py"}'`,
  });
}

/** The named things, or null for `--all`. Throws `invalid` where neither or both are given. */
export function oneOrAll(named: string[], all: boolean, things: string): string[] | null {
  if (named.length > 0 !== all) return all ? null : named;
  throw new ParleyError("invalid", `Give either ${things} or --all`, {
    hint: all ? "leave one of them out" : "name them one after the other, or say --all",
  });
}

const invalidValue = (
  message: string,
  name: string,
  value: string,
  extras: ErrorExtras = {},
): ParleyError =>
  new ParleyError("invalid", message, {
    ...extras,
    details: { argument: name, value: cut(value, 200), ...extras.details },
  });

const cut = (text: string, maxLength: number): string =>
  text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;

/** A plain word as it is; anything else quoted and cut, so that it stays one readable line. */
const quoted = (text: string): string =>
  /^[\w.+:/-]{1,40}$/.test(text) ? text : JSON.stringify(cut(text, 40));
