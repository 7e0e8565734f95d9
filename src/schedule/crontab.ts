/** Reads and changes parley's line in the user's crontab, and converts intervals to a crontab's fields. */
import { ParleyError } from "../bus/errors";
import { shellQuote } from "../bus/text";
import type { Env, Job } from "./schedule";

/** Ends parley's line, as a comment to the shell that runs it. A line that begins with `#` is a comment of the user. */
const mark = "# parley cleanup";
const isOurs = (line: string): boolean => line.trimEnd().endsWith(mark) && !/^\s*#/.test(line);

/** The line that runs the job, with output only on failure. cron takes an unescaped `%` for a line break. */
export function cronLine(fields: string, { program, args, env }: Job): string {
  const words = [
    ...env.map(([name, value]) => `${name}=${shellWord(value)}`),
    ...[program, ...args].map(shellWord),
  ];
  return `${fields} ${words.join(" ").replaceAll("%", "\\%")} >/dev/null ${mark}`;
}

/** A word for `sh`. */
const shellWord = (word: string): string =>
  /^[\w@+=:,./-]+$/.test(word) ? word : shellQuote(word);

/** The table with this line as its only one of parley, in the place of the first; with null without any. Other lines stay. */
function withLine(table: string, line: string | null): string {
  const lines = table.split(/(?<=\n)/);
  const first = lines.findIndex(isOurs);
  const others = lines.filter((each, index) => index === first || !isOurs(each));
  if (first >= 0) {
    return others
      .flatMap((each, index) => (index !== first ? [each] : line === null ? [] : [`${line}\n`]))
      .join("");
  }
  if (line === null) return table;
  return `${table}${table === "" || table.endsWith("\n") ? "" : "\n"}${line}\n`;
}

/** Puts this line into the user's crontab, or with null removes it. Returns whether the crontab had to be written. */
export async function updateCrontab(line: string | null, env: Env): Promise<boolean> {
  const before = await readCrontab(env);
  // latin1 preserves bytes of any encoding.
  const after = withLine(before, line && Buffer.from(line, "utf8").toString("latin1"));
  if (after === before) return false;
  const { exitCode, stderr } =
    after === ""
      ? await crontab(["-r"], env)
      : await crontab(["-"], env, Buffer.from(after, "latin1"));
  if (exitCode !== 0) throw crontabRefused(stderr);
  return true;
}

async function readCrontab(env: Env): Promise<string> {
  const { exitCode, stdout, stderr } = await crontab(["-l"], env);
  if (exitCode === 0) return stdout.toString("latin1");
  // Messages of several implementations for a user without a crontab.
  if (/no crontab for|no such file/i.test(stderr)) return "";
  throw crontabRefused(stderr);
}

async function crontab(args: string[], env: Env, input?: Uint8Array) {
  const program = findCrontab(env);
  if (program === null) throw new Error("crontab was there a moment ago");
  const child = Bun.spawn([program, ...args], {
    env: { ...env, LC_ALL: "C" },
    stdin: input ?? "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.bytes(), child.stderr.text()]);
  return { exitCode: await child.exited, stdout: Buffer.from(stdout), stderr };
}

export const findCrontab = (env: Env): string | null =>
  Bun.which("crontab", { PATH: env["PATH"] ?? "" });

const crontabRefused = (stderr: string): ParleyError =>
  new ParleyError("not_permitted", `crontab refused: ${stderr.trim() || "it did not say why"}`, {
    hint: "nothing was changed",
  });

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
