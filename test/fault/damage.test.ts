/** Tests database files that are damaged, not ours, too new, or no files. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

import { binary, type Run, type Sandbox, sandbox } from "../support";

const suffixes = ["", "-wal", "-shm"];

/** Hashes of the files of the database. An empty log and its index are left out: they hold no data. */
const bytes = (db: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dirname(db))
      .filter((name) => name.startsWith("messaging.db") && !name.endsWith("-shm"))
      .filter((name) => statSync(`${dirname(db)}/${name}`).size > 0)
      .map((name) => [name, Bun.hash(readFileSync(`${dirname(db)}/${name}`)).toString(16)]),
  );

/** A bus with two sessions and 200 messages, all of it in the main file. */
async function populated(s: Sandbox): Promise<void> {
  const register = ["register", "--llm", "claude", "--session-id"];
  for (const id of ["one", "two"]) await s.parley([...register, id]);
  const db = new Database(s.db);
  db.run("pragma busy_timeout = 3000");
  db.run(`with numbers as (select 1 as n union all select n + 1 from numbers where n < 200)
    insert into session_messages(sender_id, channel, payload, created_at, recipient_id, expires_at)
    select 'one', 'coordination', json_object('message', hex(randomblob(400))), '2026-02-11T00:00:00.000Z', 'two',
      '2999-01-01T00:00:00.000Z' from numbers`);
  db.run(
    "insert into deliveries(message_id, session_id) select id, 'two' from session_messages where recipient_id = 'two'",
  );
  db.run("pragma wal_checkpoint(truncate)");
  db.close();
}

const reading = [
  ["status", "--no-log"],
  ["inbox", "--session", "two", "--limit", "1000"],
  ["feed", "--since", "0"],
];
const writing = [
  ["message", "two", "x", "--session", "one"],
  ["register", "--llm", "codex", "--session-id", "three"],
];

async function runAll(s: Sandbox, verbs: string[][], ...more: string[]): Promise<Run[]> {
  const runs: Run[] = [];
  for (const verb of verbs) runs.push(await s.parley([...verb, "--json", ...more]));
  return runs;
}
const outcomes = (runs: Run[]) => runs.map((run) => [run.exitCode, run.json().error?.code]);

describe("A database", () => {
  test("whose header is overwritten is refused by every verb and left as it is", async () => {
    await using s = sandbox();
    await populated(s);
    const file = readFileSync(s.db);
    file.fill(0xab, 0, 100);
    writeFileSync(s.db, file);
    const before = bytes(s.db);
    const runs = await runAll(s, [...reading, ...writing]);
    expect(outcomes(runs)).toEqual(runs.map(() => [64, "invalid"]));
    expect(bytes(s.db)).toEqual(before);
  });

  test("with a damaged page says so where it is read, and what to do, and is never made worse", async () => {
    await using s = sandbox();
    await populated(s);
    const file = readFileSync(s.db);
    // All but the first pages: the schema is whole, the rows are not.
    file.fill(0xab, file.length / 2);
    writeFileSync(s.db, file);
    const before = bytes(s.db);
    const runs = await runAll(s, reading);
    const failed = runs.filter((run) => run.exitCode !== 0);
    expect(failed.length).toBeGreaterThan(0);
    for (const run of failed) {
      expect(run.exitCode).toBe(1);
      expect(run.json().error).toMatchObject({
        code: "internal",
        hint: "run parley doctor --repair",
      });
      expect(run.json().error.message).toContain("is damaged");
    }
    expect(bytes(s.db)["messaging.db"]).toBe(before["messaging.db"]!);
  });

  test("whose file was cut off says that it is damaged", async () => {
    await using s = sandbox();
    await populated(s);
    truncateSync(s.db, 3 * 4096);
    const runs = await runAll(s, [...reading, ...writing]);
    expect(outcomes(runs)).toEqual(runs.map(() => [1, "internal"]));
  });

  test("that lacks a table of ours says that it is damaged", async () => {
    await using s = sandbox();
    await populated(s);
    const db = new Database(s.db);
    db.run("drop table deliveries");
    db.close();
    const [, inbox] = await runAll(s, reading);
    expect(inbox!.exitCode).toBe(1);
    expect(inbox!.json().error).toMatchObject({
      code: "internal",
      hint: "run parley doctor --repair",
    });
  });

  test.each([0, 1, 31, 32, 33, 1000, 4095, 4152, 5000])(
    "whose log was cut after %d bytes is whole, without what was cut off",
    async (length) => {
      await using s = sandbox();
      await populated(s);
      const [before] = await runAll(s, [["message", "two", "in the log", "--session", "one"]]);
      expect(before!.exitCode).toBe(0);
      for (const suffix of suffixes.slice(0, 2))
        copyFileSync(s.db + suffix, `${s.dir}/copy${suffix}`);
      truncateSync(`${s.dir}/copy-wal`, length);
      const runs = await runAll(s, [...reading, ...writing], "--db", `${s.dir}/copy`);
      expect(outcomes(runs)).toEqual(runs.map(() => [0, undefined]));
      const copy = new Database(`${s.dir}/copy`);
      expect(copy.query("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
      copy.close();
    },
  );

  test("that is a directory is refused by every verb", async () => {
    await using s = sandbox();
    mkdirSync(s.db, { recursive: true });
    const runs = await runAll(s, [...reading, ...writing]);
    expect(outcomes(runs)).toEqual(runs.map(() => [64, "invalid"]));
    expect(runs[0]!.json().error).toMatchObject({
      message: `${s.db} is a directory, and so no parley database`,
      hint: `name a file in it with --db or PARLEY_DB, such as ${s.db}/messaging.db`,
    });
    expect(readdirSync(s.db)).toEqual([]);
  });

  test("that is a pipe or a device is refused, and never waited for", async () => {
    await using s = sandbox();
    Bun.spawnSync(["mkfifo", `${s.dir}/pipe`]);
    const runs = [
      ...(await runAll(s, [...reading, ...writing], "--db", `${s.dir}/pipe`)),
      ...(await runAll(s, [...reading, ...writing], "--db", "/dev/null")),
      ...(await runAll(s, [...reading, ...writing], "--db", "/dev/zero")),
    ];
    expect(outcomes(runs)).toEqual(runs.map(() => [64, "invalid"]));
    for (const run of runs) expect(run.json().error.message).toContain("is no file");
  });

  test("that is empty, or has no table, is initialised", async () => {
    await using s = sandbox();
    mkdirSync(dirname(s.db), { recursive: true });
    writeFileSync(s.db, "");
    const bare = `${s.dir}/bare.db`;
    const db = new Database(bare);
    db.run("pragma user_version = 0");
    db.run("vacuum");
    db.close();
    expect(readFileSync(bare).length).toBeGreaterThan(0);
    for (const path of [s.db, bare]) {
      const run = await s.parley([
        "register",
        "--llm",
        "claude",
        "--session-id",
        "one",
        "--json",
        "--db",
        path,
      ]);
      expect([path, run.exitCode]).toEqual([path, 0]);
    }
  });

  test("of a newer schema is refused by every verb and left as it is", async () => {
    await using s = sandbox();
    await populated(s);
    migrate(s.db);
    const before = bytes(s.db);
    const runs = await runAll(s, [...reading, ...writing]);
    expect(outcomes(runs)).toEqual(runs.map(() => [64, "invalid"]));
    for (const run of runs) expect(run.json().error.hint).toContain("newer parley");
    expect(bytes(s.db)).toEqual(before);
  });
});

/** Raises the schema version, as a later version of parley would. */
function migrate(path: string): void {
  const db = new Database(path);
  db.run("pragma busy_timeout = 3000");
  db.run("insert into _schema_version(version) values (99)");
  db.close();
}

describe("After a newer parley has migrated the database, these verbs of the older one stop:", () => {
  test.each([
    ["watch", ["watch", "--json"]],
    ["feed --follow", ["feed", "--follow", "--json"]],
    [
      "inbox --wait",
      ["inbox", "--wait", "60s", "--session", "two", "--channel", "state", "--json"],
    ],
  ])("%s", async (_, args) => {
    await using s = sandbox();
    await populated(s);
    const child = Bun.spawn([binary, ...args], {
      env: { HOME: s.home, PATH: "/usr/bin:/bin" },
      stdout: "pipe",
      stderr: "ignore",
    });
    try {
      // The process has to stop whether it listens already or opens the database only now.
      await Bun.sleep(150);
      migrate(s.db);
      const last = (await child.stdout.text()).trimEnd().split("\n").at(-1) ?? "";
      expect(JSON.parse(last)).toMatchObject({
        ok: false,
        error: { code: "invalid", details: { schema_version: 99 } },
      });
      expect(await child.exited).toBe(64);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
