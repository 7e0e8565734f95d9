/**
 * `bun scripts/bench/cleanup.ts [--messages 1000000] [--binary PATH] [--out FILE]`: measures `parley cleanup`
 * of that many expired messages while another session runs commands. Prints the size of database and log before and
 * after, and how long those commands took before and during the clean-up. Exits with 1 where the sizes or the longest
 * command miss the budget.
 */
import { Database } from "bun:sqlite";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { summary } from "./numbers";

/** The budget of issue 3: bytes of database and log afterwards, and milliseconds of the longest command. */
const budget = { bytes: 2 * 1024 * 1024, longest: 100 };

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "1000000" },
    binary: { type: "string", default: join(import.meta.dir, "../../dist/parley") },
    out: { type: "string" },
  },
});
const messages = Number(values.messages);
const directory = mkdtempSync(join(tmpdir(), "parley-bench-"));
const home = join(directory, "home");
mkdirSync(home);
const db = join(directory, "messaging.db");

const agents = [1, 2].map(() =>
  Bun.spawn(["sleep", "3600"], { stdio: ["ignore", "ignore", "ignore"] }),
);
const [claude, codex] = agents.map(({ pid }) => pid) as [number, number];

const parley = (args: string[], session: string[] = []) =>
  Bun.spawn([values.binary, ...args, ...session, "--db", db, "--json"], {
    cwd: directory,
    env: { HOME: home, PATH: "/usr/bin:/bin" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });

async function answer(child: ReturnType<typeof parley>): Promise<string> {
  const text = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(text);
  return text;
}

/** The commands that another session runs meanwhile, in turn. */
const commands: string[][] = [
  ["message", `claude-${claude}`, "hello"],
  ["lock", "a.txt"],
  ["inbox"],
  ["unlock", "a.txt"],
  ["heartbeat"],
];

/** Wall times of whole commands, one after the other, while `isRunning`. */
async function work(isRunning: () => boolean): Promise<number[]> {
  const samples: number[] = [];
  for (let turn = 0; isRunning(); turn++) {
    const started = performance.now();
    await answer(parley(commands[turn % commands.length] ?? [], ["--session", `codex-${codex}`]));
    samples.push(performance.now() - started);
  }
  return samples;
}

const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
const bytes = (): number => size(db) + size(`${db}-wal`);
const megabytes = (n: number): string => `${(n / 1024 / 1024).toFixed(2)} MB`;

/** Inserts messages as a publisher on `state` writes them, an hour ago and a millisecond apart, in transactions of 1000. */
function publish(): void {
  const bus = new Database(db);
  bus.run("pragma synchronous = normal");
  const insert = bus.query<unknown, [string, string, string]>(
    `insert into session_messages(sender_id, channel, message_type, payload, created_at, delivered_at, ttl_seconds,
        expires_at, priority, status, project_id, task_id)
      values (?1, 'state', 'published', '{"task_id":"H.8.1","status":"working"}', ?2, ?2, 60, ?3, 1, 'delivered',
        'PILOT', 'H.8.1')`,
  );
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
  const start = Date.now() - 3_600_000;
  const insertRange = bus.transaction((first: number, last: number) => {
    for (let at = first; at < last; at++) {
      insert.run(`claude-${claude}`, time(at), time(at + 60_000));
    }
  });
  for (let done = 0; done < messages; done += 1000) {
    insertRange(start + done, start + Math.min(messages, done + 1000));
  }
  bus.close();
}

try {
  await answer(parley(["register", "--llm", "claude", "--pid", String(claude)]));
  await answer(parley(["register", "--llm", "codex", "--pid", String(codex)]));
  publish();
  const before = bytes();
  console.log(`${messages} messages published: ${megabytes(before)}`);

  const until = performance.now() + 3000;
  const quiet = summary(await work(() => performance.now() < until));
  const started = performance.now();
  const cleanup = parley(["cleanup"]);
  const finished = answer(cleanup).then((text) => ({ text, took: performance.now() - started }));
  const busy = summary(await work(() => cleanup.exitCode === null));
  const { text, took } = await finished;
  const after = bytes();

  const { removed } = JSON.parse(text).data;
  console.log(
    `cleanup: ${removed.messages} removed in ${(took / 1000).toFixed(1)} s: ${megabytes(after)}`,
  );
  for (const [name, each] of Object.entries({ before: quiet, meanwhile: busy })) {
    const [p50, p99, longest] = [each.p50, each.p99, each.max].map((ms) => ms.toFixed(1));
    console.log(
      `${each.count} commands ${name}: p50 ${p50} ms, p99 ${p99} ms, longest ${longest} ms`,
    );
  }
  if (values.out) {
    writeFileSync(
      values.out,
      `${JSON.stringify({ messages, before, after, took, quiet, busy })}\n`,
    );
  }
  process.exitCode = after < budget.bytes && busy.max <= budget.longest ? 0 : 1;
} finally {
  for (const agent of agents) agent.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
}
