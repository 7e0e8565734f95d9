/** What is removed, and how long it holds the lock. */
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timestamp } from "../../src/bus/clock";
import { livenessAt, type Liveness } from "../../src/bus/liveness";
import { defaultSettings } from "../../src/bus/settings";
import type { CleanedUp } from "../../src/bus/cleanup";
import type { Store } from "../../src/bus/store";
import { openSqliteStore } from "../../src/store/sqlite/database";
import { createChangeSignal } from "../../src/change-signal/change-signal";
import { agent, day, draft, start } from "../bus/fixture";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function newPath(): string {
  const directory = mkdtempSync(join(tmpdir(), "parley-cleanup-"));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "messaging.db");
}

async function open(path: string): Promise<Store> {
  const store = await openSqliteStore(path, { mode: "create", settings: defaultSettings });
  cleanups.push(() => store.close());
  return store;
}

/** Another program on the same file. */
function other(path: string): Database {
  const db = new Database(path);
  db.run("pragma busy_timeout = 3000");
  cleanups.push(() => db.close());
  return db;
}

const liveness = (at: number): Liveness =>
  livenessAt(
    { state: () => "running", uptimeSeconds: () => null, source: "/proc" },
    at,
    defaultSettings,
  );
const clean = (store: Store, at: number, vacuum = false): Promise<CleanedUp> =>
  store.cleanUp(liveness(at), { vacuum });
const bytes = (path: string): number => statSync(path).size + statSync(`${path}-wal`).size;

/** Messages that expired a while ago, one insert for all. */
function expired(db: Database, count: number): void {
  const past = timestamp(start - 3_600_000);
  db.query(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
      insert into session_messages(sender_id, channel, payload, created_at, expires_at, status, message_type)
      select 'claude-1', 'state', '{"status":"working"}', ?, ?, 'delivered', 'published' from n`,
  ).run(count, past, past);
}

const count = (db: Database, table: string): number =>
  db.query<{ n: number }, []>(`select count(*) as n from ${table}`).get()?.n ?? -1;

describe("What a clean-up gives back", () => {
  test("the database and its log are small again after 50,000 messages", async () => {
    const path = newPath();
    const store = await open(path);
    expired(other(path), 50_000);
    expect(bytes(path)).toBeGreaterThan(10_000_000);
    expect(await clean(store, start)).toMatchObject({
      removed: { messages: 50_000 },
      shrinks: true,
    });
    expect(bytes(path)).toBeLessThan(200_000);
    expect(statSync(`${path}-wal`).size).toBe(0);
  });

  test("an adopted database keeps its size, says so, and shrinks for good once it is rewritten", async () => {
    const path = newPath();
    const seeds = new Database(path, { create: true });
    seeds.run(
      `create table session_registry (session_id text primary key, llm_vendor text not null, heartbeat_at text not null,
        registered_at text not null)`,
    );
    seeds.close();
    const store = await open(path);
    const db = other(path);
    expired(db, 20_000);
    expect(await clean(store, start)).toMatchObject({
      removed: { messages: 20_000 },
      shrinks: false,
      blocked: null,
    });
    expect(bytes(path)).toBeGreaterThan(3_000_000);
    const { shrinks, blocked } = await clean(store, start, true);
    expect(shrinks).toBe(true);
    expect(blocked).toBeGreaterThan(0);
    expect(bytes(path)).toBeLessThan(200_000);
    expired(db, 20_000);
    await clean(store, start);
    expect(bytes(path)).toBeLessThan(200_000);
    expect(db.query("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
  });

  test("a reader that keeps its snapshot is not waited for, keeps its view, and blocks no writer", async () => {
    const path = newPath();
    const store = await open(path);
    const reader = other(path);
    expired(reader, 20_000);
    reader.run("begin");
    expect(count(reader, "session_messages")).toBe(20_000);
    const started = performance.now();
    expect((await clean(store, start)).removed.messages).toBe(20_000);
    // A truncating checkpoint that waited for the reader would have taken the 3 s of the busy timeout.
    expect(performance.now() - started).toBeLessThan(2500);
    expect(count(reader, "session_messages")).toBe(20_000);
    await store.registerSession(agent("claude", 1), liveness(start));
    reader.run("commit");
    await clean(store, start);
    expect(bytes(path)).toBeLessThan(200_000);
  });

  test("other writers are let in between the batches", async () => {
    const path = newPath();
    const store = await open(path);
    expired(other(path), 200_000);
    const child = Bun.spawn([process.execPath, "-e", writer, path], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const lines = child.stdout.getReader();
    await lines.read();
    expect((await clean(store, start)).removed.messages).toBe(200_000);
    child.kill("SIGTERM");
    const { value } = await lines.read();
    const { longest, writes } = JSON.parse(new TextDecoder().decode(value)) as {
      longest: number;
      writes: number;
    };
    expect(writes).toBeGreaterThan(10);
    // The budget is 100 ms on a machine of its own; this one may be running other tests.
    expect(longest).toBeLessThan(500);
  });
});

/** Writes in a loop, and tells at the end how long the longest write took, in milliseconds. */
const writer = `
  import { Database } from "bun:sqlite";
  const db = new Database(process.argv.at(-1));
  db.run("pragma busy_timeout = 3000");
  let longest = 0, writes = 0;
  process.on("SIGTERM", () => { console.log(JSON.stringify({ longest, writes })); process.exit(); });
  console.log("ready");
  for (;;) {
    const started = performance.now();
    db.run("begin immediate");
    db.run("insert into session_messages(sender_id, channel, payload, created_at, expires_at) values ('x', 'y', '{}', '2026', '9')");
    db.run("commit");
    longest = Math.max(longest, performance.now() - started);
    writes++;
    await Bun.sleep(2);
  }`;

describe("Rows of other programs", () => {
  const at = Date.parse("2026-02-11T00:15:22.000Z");

  test("messages of the first generation go by their own time, in either form of dates", async () => {
    const path = newPath();
    const store = await open(path);
    const db = other(path);
    const insert = db.query(
      "insert into inter_session_messages(sender_id, channel, payload, created_at, ttl_seconds) values ('a', 'state', ?, ?, ?)",
    );
    for (const [text, created, ttl] of [
      ["over, SQLite's form", "2026-02-11 00:10:22", 300],
      ["over, ISO", "2026-02-11T00:10:22.000Z", 300],
      ["over, Python's form", "2026-02-11T00:10:21.123456+00:00", 300],
      ["over, by the default", "2026-02-11 00:10:22", null],
      ["in time, SQLite's form", "2026-02-11 00:10:23", 300],
      ["in time, ISO", "2026-02-11T00:10:23.000Z", 300],
      ["in time, long", "2026-02-10 00:00:00", 100_000],
      ["without a legible time", "yesterday", 1],
    ] as const) {
      insert.run(text, created, ttl);
    }
    expect((await store.overdue(liveness(at))).messages).toBe(4);
    expect((await clean(store, at)).removed.messages).toBe(4);
    const left = db.query<{ payload: string }, []>("select payload from inter_session_messages");
    expect(left.all().map(({ payload }) => payload)).toEqual([
      "in time, SQLite's form",
      "in time, ISO",
      "in time, long",
      "without a legible time",
    ]);
  });

  test("messages whose end was left open go by their age, mail two days later", async () => {
    const path = newPath();
    const store = await open(path);
    const insert = other(path).query(
      "insert into session_messages(sender_id, recipient_id, channel, payload, created_at) values ('a', ?, 'c', '{}', ?)",
    );
    insert.run(null, "2026-02-11 00:10:22");
    insert.run(null, "2026-02-11 00:10:23");
    insert.run("codex-2", "2026-02-09 00:15:22");
    insert.run("codex-2", "2026-02-09 00:15:23");
    expect((await store.overdue(liveness(at))).messages).toBe(2);
    expect((await clean(store, at)).removed.messages).toBe(2);
  });

  test("a lock that no known session holds is free", async () => {
    const path = newPath();
    const store = await open(path);
    const db = other(path);
    db.run("insert into file_locks(file_path, session_id) values ('/r/a', 'gone-1')");
    db.run("insert into task_claims(task_id, session_id, claimed_at) values ('H.1', 'gone-1', '')");
    expect((await clean(store, at)).removed).toMatchObject({ locks: 1, claims: 1 });
    expect([count(db, "file_locks"), count(db, "task_claims")]).toEqual([0, 0]);
  });
});

describe("Deliveries", () => {
  test("go with their messages, of mail and of alerts", async () => {
    const path = newPath();
    const store = await open(path);
    const place = { project_id: "P" };
    await store.registerSession(agent("claude", 1, place), liveness(start));
    await store.registerSession(agent("codex", 2, place), liveness(start));
    await store.sendMessages(draft("claude-1", "codex-2"), liveness(start));
    const db = other(path);
    expect(count(db, "deliveries")).toBe(3);
    await clean(store, start + day);
    expect(count(db, "deliveries")).toBe(1);
    await clean(store, start + 2 * day);
    expect(count(db, "deliveries")).toBe(0);
  });
});

describe("Writers", () => {
  test("purge once a minute, all of them together", async () => {
    const path = newPath();
    const [one, two] = [await open(path), await open(path)];
    await one.registerSession(agent("claude", 1), liveness(start));
    const db = other(path);
    expired(db, 10);
    await one.heartbeat("claude-1", liveness(start + 59_000));
    await two.heartbeat("claude-1", liveness(start + 59_000));
    expect(count(db, "session_messages")).toBe(11);
    await two.heartbeat("claude-1", liveness(start + 60_000));
    expect(count(db, "session_messages")).toBe(1);
    expired(db, 10);
    await one.heartbeat("claude-1", liveness(start + 61_000));
    expect(count(db, "session_messages")).toBe(11);
  });

  test("take only a little of a large backlog, and come back for the rest soon", async () => {
    const path = newPath();
    const store = await open(path);
    await store.registerSession(agent("claude", 1), liveness(start));
    const db = other(path);
    expired(db, 100_000);
    const at = start + 60_000;
    const started = performance.now();
    await store.heartbeat("claude-1", liveness(at));
    expect(performance.now() - started).toBeLessThan(100);
    const left = count(db, "session_messages");
    expect(left).toBeGreaterThan(50_000);
    await store.heartbeat("claude-1", liveness(at + 40));
    expect(count(db, "session_messages")).toBe(left);
    await store.heartbeat("claude-1", liveness(at + 50));
    expect(count(db, "session_messages")).toBeLessThan(left);
  });

  test("do not fail by a purge that cannot be done", async () => {
    const path = newPath();
    const store = await open(path);
    await store.registerSession(agent("claude", 1), liveness(start));
    const db = other(path);
    db.run("drop table upkeep");
    expect(await store.heartbeat("claude-1", liveness(start + 60_000))).not.toBeNull();
  });
});

describe("Bells", () => {
  test("of sessions that are gone are removed, and nothing else in their directory is", () => {
    const directory = join(newPath(), "../bell");
    const wake = createChangeSignal({
      directory,
      database: join(directory, "../messaging.db"),
      mode: "poll",
      pollMilliseconds: 250,
      changeCount: async () => 0,
    });
    wake.notify(["claude-1", "codex-2", "operator"]);
    writeFileSync(join(directory, "notes.txt"), "somebody's own");
    writeFileSync(join(directory, "-"), "!");
    mkdirSync(join(directory, "folder"));
    wake.prune(["operator", "codex-2"]);
    expect(readdirSync(directory).toSorted()).toEqual([
      "-",
      "codex-2",
      "folder",
      "mail",
      "notes.txt",
      "operator",
    ]);
    wake.notify(["claude-1"]);
    expect(readdirSync(directory)).toContain("claude-1");
  });

  test("are not missed where there never were any", () => {
    const wake = createChangeSignal({
      directory: join(newPath(), "../bell"),
      database: newPath(),
      mode: "poll",
      pollMilliseconds: 250,
      changeCount: async () => 0,
    });
    expect(() => wake.prune([])).not.toThrow();
  });
});
