/** Reads and changes parley's line in the user's crontab. */
import { ParleyError } from "../bus/errors";
import { type Job, shellWord } from "./job";

type Env = Readonly<Record<string, string | undefined>>;

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

/**
 * The table with this line as parley's only one, in the place of the first it had; with null without any. All other
 * lines stay unchanged.
 */
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
