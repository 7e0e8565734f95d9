/** Converts intervals to the fields of a crontab. */
import { ParleyError } from "../bus/errors";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A crontab keeps equal distances only for divisors of an hour, a day or a week. */
const divisors = (n: number): number[] =>
  Array.from({ length: n - 1 }, (_, index) => index + 1).filter((each) => n % each === 0);

/** The five fields of a crontab by the milliseconds between two runs, shortest first. */
const fields: readonly (readonly [milliseconds: number, text: string])[] = [
  ...divisors(60).map((n) => [n * minute, n === 1 ? "* * * * *" : `*/${n} * * * *`] as const),
  ...divisors(24).map((n) => [n * hour, n === 1 ? "0 * * * *" : `0 */${n} * * *`] as const),
  [day, "0 0 * * *"],
  [7 * day, "0 0 * * 0"],
];

/** The fields for an interval in milliseconds. Throws `invalid`, which names the nearest intervals that a crontab can keep. */
export function cronFields(every: number): string {
  const exact = fields.find(([milliseconds]) => milliseconds === every);
  if (exact) return exact[1];
  const shorter = fields.findLast(([milliseconds]) => milliseconds < every)?.[0];
  const longer = fields.find(([milliseconds]) => milliseconds > every)?.[0];
  const nearest = [shorter, longer].filter((each) => each !== undefined).map(intervalText);
  throw new ParleyError("invalid", `A crontab cannot keep an interval of ${intervalText(every)}`, {
    hint: `use --every ${nearest.join(" or ")}; a timer of systemd or launchd keeps any`,
    details: { argument: "--every", value: intervalText(every), nearest },
  });
}

/** The interval in whole seconds, as other timers need it. Throws `invalid`. */
export function wholeSeconds(every: number): number {
  if (every % 1000 === 0) return every / 1000;
  throw new ParleyError("invalid", `No timer keeps an interval of ${intervalText(every)}`, {
    hint: "use whole seconds, such as --every 90s",
    details: { argument: "--every", value: intervalText(every) },
  });
}

/** The largest unit that gives a whole number: `5m`, `90s`, `1d`. */
export function intervalText(milliseconds: number): string {
  const units = [
    ["d", day],
    ["h", hour],
    ["m", minute],
    ["s", 1000],
  ] as const;
  const unit = units.find(([, length]) => milliseconds % length === 0);
  return unit ? `${milliseconds / unit[1]}${unit[0]}` : `${milliseconds}ms`;
}
