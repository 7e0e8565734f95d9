/** Tests a busy database: long readers, stuck writers, many writers. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";

import { binary, type Sandbox, sandbox } from "../support";
import { long } from "./input";

interface Outcome {
  args: string[];
  exitCode: number;
  code: string | null;
  /** Milliseconds until it ended. */
  took: number;
}

async function parley(s: Sandbox, ...args: string[]): Promise<Outcome> {
  const started = performance.now();
  const child = Bun.spawn([binary, ...args, "--json"], {
    cwd: s.dir,
    env: { HOME: s.home, PATH: "/usr/bin:/bin" },
    stdout: "pipe",
    stderr: "ignore",
  });
  const { error } = JSON.parse(await child.stdout.text());
  const exitCode = await child.exited;
  return { args, exitCode, code: error?.code ?? null, took: performance.now() - started };
}

/** A process that opens a transaction and keeps it until it is killed. */
async function startHolder(db: string, begin: string): Promise<Bun.Subprocess> {
  const holder = Bun.spawn(
    [
      process.execPath,
      "-e",
      `const { Database } = require("bun:sqlite");
       const db = new Database(${JSON.stringify(db)});
       db.run("pragma busy_timeout = 5000");
       db.run(${JSON.stringify(begin)});
       db.query("select count(*) from session_messages").get();
       console.log("held");
       setTimeout(() => {}, 600_000);`,
    ],
    { stdout: "pipe", stderr: "inherit" },
  );
  await holder.stdout.getReader().read();
  return holder;
}

const writing = [
  ["message", "operator", "x", "--session", "one"],
  ["publish", "state", "x", "--session", "one"],
  ["lock", "a", "--session", "one"],
  ["claim", "T.1", "--session", "one"],
  ["heartbeat", "--session", "one"],
  ["cleanup"],
];
const reading = [
  ["status", "--no-log"],
  ["feed"],
  ["poll", "state"],
  ["message", "--sent", "--as", "operator"],
];

async function populated(s: Sandbox): Promise<void> {
  await parley(s, "register", "--llm", "claude", "--session-id", "one");
  await parley(s, "register", "--llm", "codex", "--session-id", "two");
}

describe("While a reader keeps its snapshot and so pins the log", () => {
  test("every verb goes on, and the log is short again afterwards", async () => {
    await using s = sandbox();
    await populated(s);
    const reader = await startHolder(s.db, "begin");
    try {
      for (const verb of [...writing, ...reading]) {
        const { exitCode } = await parley(s, ...verb);
        expect([verb, exitCode]).toEqual([verb, 0]);
      }
      const big = "x".repeat(60_000);
      for (let n = 0; n < 30; n++)
        expect(
          (await parley(s, "message", "operator", `${n}${big}`, "--session", "one")).exitCode,
        ).toBe(0);
      expect(statSync(`${s.db}-wal`).size).toBeGreaterThan(1_800_000);
    } finally {
      reader.kill("SIGKILL");
      await reader.exited;
    }
    for (const verb of [writing[0]!, ["cleanup"]])
      expect((await parley(s, ...verb)).exitCode).toBe(0);
    expect(statSync(`${s.db}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBeLessThan(512 * 1024);
  });
});

describe("While a writer keeps the lock", () => {
  test("longer than one busy_timeout, everything waits for it and succeeds", async () => {
    await using s = sandbox();
    await populated(s);
    const writer = await startHolder(s.db, "begin immediate");
    const runs = writing.map((verb) => parley(s, ...verb));
    const reads = await Promise.all(reading.map((verb) => parley(s, ...verb)));
    expect(reads.map(({ args, exitCode }) => [args, exitCode])).toEqual(
      reading.map((verb) => [verb, 0]),
    );
    await Bun.sleep(3500);
    writer.kill("SIGKILL");
    await writer.exited;
    for (const { args, exitCode, code } of await Promise.all(runs))
      expect([args, exitCode, code]).toEqual([args, 0, null]);
  });

  test("for ever, writing verbs end with busy at the deadline of ten seconds, and not before", async () => {
    await using s = sandbox();
    await populated(s);
    const writer = await startHolder(s.db, "begin immediate");
    try {
      const runs = await Promise.all(
        writing.slice(0, long ? writing.length : 3).map((verb) => parley(s, ...verb)),
      );
      for (const { args, exitCode, code, took } of runs) {
        expect([args, exitCode, code]).toEqual([args, 6, "busy"]);
        // Ten seconds are the deadline; the rest allows for starting on a loaded machine.
        expect(took).toBeGreaterThan(9_900);
        expect(took).toBeLessThan(20_000);
      }
    } finally {
      writer.kill("SIGKILL");
    }
  });
});

test("thirty-two writers at once all get their turn", async () => {
  await using s = sandbox();
  await populated(s);
  const rounds = long ? 40 : 4;
  const runs = await Promise.all(
    Array.from({ length: 32 }, async (_, writer) => {
      const own: Outcome[] = [];
      for (let n = 0; n < rounds; n++)
        own.push(
          await parley(s, "publish", "crowd", `${writer}-${n}`, "--ttl", "1h", "--as", "operator"),
        );
      return own;
    }),
  );
  expect(runs.flat().filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
  const db = new Database(s.db, { readonly: true });
  const { count } = db
    .query<{ count: number }, []>(
      "select count(distinct json_extract(payload, '$.message')) as count from session_messages where channel = 'crowd'",
    )
    .get()!;
  db.close();
  expect(count).toBe(32 * rounds);
}, 600_000);
