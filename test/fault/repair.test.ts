/** Tests `doctor --repair`. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { type Sandbox, sandbox } from "../support";

const messageCount = 400;

/** A session with a lock, a claim, and so many messages for it that they fill some hundred pages. */
async function populated(s: Sandbox): Promise<void> {
  await s.parley(["register", "--llm", "claude", "--session-id", "one", "--heartbeat"]);
  await s.parley(["register", "--llm", "codex", "--session-id", "two", "--heartbeat"]);
  await s.parley(["lock", "held", "--session", "one"]);
  await s.parley(["claim", "T.1", "--session", "one"]);
  const db = new Database(s.db);
  db.run("pragma busy_timeout = 3000");
  db.run(`with numbers as (select 1 as n union all select n + 1 from numbers where n < ${messageCount})
    insert into session_messages(sender_id, channel, payload, created_at, recipient_id, message_type, expires_at)
    select 'two', 'coordination', json_object('message', n || ' ' || hex(randomblob(300))), '2026-02-11T00:00:00.000Z', 'one',
      'directed', '2999-01-01T00:00:00.000Z' from numbers`);
  db.run(
    "insert or ignore into deliveries(message_id, session_id) select id, 'one' from session_messages where recipient_id = 'one'",
  );
  db.run("pragma wal_checkpoint(truncate)");
  db.close();
}

const pageSize = 4096;

/** Overwrites pages in the middle of the table of messages, which are its leaves. */
function damage(db: string, pages: number): void {
  const reader = new Database(db, { readonly: true });
  const root = reader
    .query<{ rootpage: number }, []>(
      "select rootpage from sqlite_master where name = 'session_messages'",
    )
    .get()!.rootpage;
  const whole = reader
    .query<{ pages: number }, []>("select page_count as pages from pragma_page_count")
    .get()!.pages;
  reader.close();
  const file = readFileSync(db);
  // The rows were written last: their leaves are the last pages of the file.
  const from = Math.max(root + 1, Math.floor(whole * 0.7));
  file.fill(0xab, (from - 1) * pageSize, (from - 1 + pages) * pageSize);
  writeFileSync(db, file);
}

test("a damaged database is moved aside, and its readable rows are copied to a new one", async () => {
  await using s = sandbox();
  await populated(s);
  damage(s.db, 8);
  const before = readFileSync(s.db);
  expect((await s.parley(["feed", "--since", "0", "--limit", "1000"])).exitCode).toBe(1);

  const run = await s.parley(["doctor", "--repair", "--json"]);
  const { repaired, findings } = run.json().data;
  expect(repaired.moved_to).toStartWith(`${s.db}.damaged-`);
  expect(readFileSync(repaired.moved_to).equals(before)).toBe(true);
  expect(repaired.salvaged).toMatchObject({ sessions: 2, locks: 1, claims: 1 });
  expect(repaired.salvaged.messages).toBeGreaterThan(messageCount / 2);
  expect(repaired.salvaged.messages).toBeLessThan(messageCount);
  expect(
    findings.find((each: { check: string }) => each.check === "database.integrity").status,
  ).toBe("ok");

  const db = new Database(s.db, { readonly: true });
  expect(db.query("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
  db.close();
  const inbox = await s.parley(["inbox", "--session", "one", "--limit", "1000", "--json"]);
  expect(inbox.exitCode).toBe(0);
  // The remaining messages are all unread, and each exists once.
  const ids = inbox.json().data.messages.map((message: { id: number }) => message.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(messageCount / 2);
  const status = await s.parley(["status", "--locks", "--claims", "--json"]);
  expect(status.json().data).toMatchObject({
    locks: [{ session_id: "one" }],
    claims: [{ task_id: "T.1" }],
  });
  // New messages have greater ids than all earlier ones.
  const sent = await s.parley(["message", "one", "after", "--session", "two", "--json"]);
  expect(sent.json().data.messages[0].id).toBeGreaterThan(Math.max(...ids));
});

test("of a database whose header is gone nothing can be read, and a new one is made", async () => {
  await using s = sandbox();
  await populated(s);
  const file = readFileSync(s.db);
  file.fill(0, 0, 100);
  writeFileSync(s.db, file);
  const { repaired } = (await s.parley(["doctor", "--repair", "--json"])).json().data;
  expect(repaired.salvaged).toEqual({ sessions: 0, messages: 0, locks: 0, claims: 0 });
  expect(readFileSync(repaired.moved_to).equals(file)).toBe(true);
  expect((await s.parley(["register", "--llm", "claude"])).exitCode).toBe(0);
});

test("a database that is whole, or is not there, is left as it is", async () => {
  await using s = sandbox();
  for (const prepare of [async () => {}, () => populated(s)]) {
    await prepare();
    const before = existsSync(s.db) ? readFileSync(s.db) : null;
    const run = await s.parley(["doctor", "--repair", "--json"]);
    expect(run.json().data.repaired).toBeNull();
    if (before) expect(readFileSync(s.db).equals(before)).toBe(true);
    else expect(existsSync(s.db)).toBe(false);
  }
});

test("a database of another program is never moved", async () => {
  await using s = sandbox();
  const notes = join(s.dir, "notes.txt");
  writeFileSync(notes, "dear diary\n".repeat(200));
  const foreign = join(s.dir, "places.sqlite");
  const database = new Database(foreign);
  database.run("create table places(url text)");
  database.close();
  for (const file of [notes, foreign]) {
    const before = readFileSync(file);
    const run = await s.parley(["doctor", "--repair", "--json", "--db", file]);
    expect([file, run.exitCode, run.json().error?.code]).toEqual([file, 64, "invalid"]);
    expect(readFileSync(file).equals(before)).toBe(true);
  }
  expect(readdirSync(s.dir).toSorted()).toEqual(["notes.txt", "places.sqlite"]);
});

test("while another process writes nothing is moved", async () => {
  await using s = sandbox();
  mkdirSync(dirname(s.db), { recursive: true });
  await populated(s);
  damage(s.db, 8);
  const writer = new Database(s.db);
  writer.run("begin immediate");
  try {
    const run = await s.parley(["doctor", "--repair", "--json"]);
    expect(run.json().error.code).toBe("busy");
    expect(run.exitCode).toBe(6);
    expect(readdirSync(dirname(s.db)).filter((name) => /damaged|repair-/.test(name))).toEqual([]);
  } finally {
    writer.close();
  }
});
