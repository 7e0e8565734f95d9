/** One agent of the soak test: registers as a session and runs commands at random until it is killed. See `soak.ts`. */
import { randomInt } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Report } from "../soak";

const [binary = "", directory = "", pause = "1000"] = process.argv.slice(2);
const session = `claude-${process.pid}`;
const env = { ...process.env, PARLEY_SESSION: session };
const report = (message: Report): void => void process.send?.(message);

// Nothing is left running when the parent ends, however it ends.
process.on("disconnect", () => process.exit());

interface Answer {
  code: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- read by verbs of many shapes
  data: any;
}

async function parley(...args: string[]): Promise<Answer> {
  const child = Bun.spawn([binary, ...args, "--json"], { env, stdout: "pipe", stderr: "ignore" });
  const [text, code] = await Promise.all([child.stdout.text(), child.exited]);
  let answer: { ok?: boolean; data?: unknown; error?: { code: string; message: string } } = {};
  try {
    answer = JSON.parse(text);
  } catch {
    report({ kind: "failure", text: `${args[0]} answered no JSON (exit ${code})` });
  }
  const expected = [0, 3, 4, 5];
  if (!expected.includes(code)) {
    report({ kind: "failure", text: `${args.join(" ")}: ${answer.error?.message ?? code}` });
  }
  report({ kind: "command" });
  return { code, data: answer.data };
}

/** All other sessions. */
async function others(): Promise<string[]> {
  const { data } = await parley("status", "--no-log");
  const sessions: { session_id: string }[] = data?.sessions ?? [];
  return sessions.map((each) => each.session_id).filter((id) => id !== session);
}

let n = 0;
let cursor = 0;
/** By publisher, the number that is expected next. */
const next = new Map<string, number>();

const actions: (() => Promise<void>)[] = [
  async function message() {
    const ids = await others();
    const target = ids[randomInt(Math.max(1, ids.length))];
    if (!target) return;
    const { code, data } = await parley("message", target, `from ${session}`);
    if (code === 0)
      report({ kind: "sent", ids: data.messages.map(({ id }: { id: number }) => id) });
  },
  async function broadcast() {
    const { code, data } = await parley("message", "--all", `to all from ${session}`);
    if (code === 0)
      report({ kind: "sent", ids: data.messages.map(({ id }: { id: number }) => id) });
  },
  async function readMail() {
    const { code, data } = await parley("inbox", "--mark-read", "--channel", "coordination");
    if (code === 0)
      report({ kind: "read", ids: data.messages.map(({ id }: { id: number }) => id) });
  },
  async function publish() {
    const payload = JSON.stringify({ from: session, n });
    const { code } = await parley("publish", "soak", payload);
    if (code !== 0) return;
    n++;
    report({ kind: "published" });
  },
  async function poll() {
    const { code, data } = await parley(
      "poll",
      "soak",
      "--since",
      String(cursor),
      "--limit",
      "1000",
    );
    if (code !== 0) return;
    cursor = data.cursor;
    for (const { payload } of data.messages as { payload: { from: string; n: number } }[]) {
      const expected = next.get(payload.from) ?? payload.n;
      if (payload.n > expected) report({ kind: "missed", count: payload.n - expected });
      if (payload.n < expected) report({ kind: "repeated", count: 1 });
      next.set(payload.from, payload.n + 1);
    }
  },
  async function hold() {
    const name = `res:soak/${randomInt(4)}`;
    if ((await parley("lock", name, "--exclusive")).code !== 0) return;
    const mark = join(directory, name.replace(/\W/g, "-"));
    try {
      writeFileSync(mark, String(process.pid), { flag: "wx" });
    } catch {
      if (isAlive(readFileSync(mark, "utf8")))
        report({ kind: "failure", text: `${name} has two holders` });
      writeFileSync(mark, String(process.pid));
    }
    await Bun.sleep(randomInt(200));
    rmSync(mark, { force: true });
    await parley("unlock", name);
  },
  async function work() {
    const task = `SOAK-${randomInt(6)}`;
    if ((await parley("claim", task)).code === 0) await parley("release", task);
  },
  async function workOnTask() {
    await parley("task", `T-${randomInt(5)}`);
    await parley("conflicts");
  },
];

function isAlive(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

await parley("register", "--llm", "claude", "--pid", String(process.pid));
// A cursor from before the first message: nothing of a publisher that is seen may be missing afterwards.
cursor = (await parley("feed", "--limit", "1")).data?.cursor ?? 0;
for (;;) {
  await actions[randomInt(actions.length)]?.();
  await Bun.sleep(randomInt(Number(pause)));
}
