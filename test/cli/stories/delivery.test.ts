/** Stories of the states of a message: pending, delivered, read. */
import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { join as path } from "node:path";

import { Database } from "bun:sqlite";

import { binary, sandbox } from "../../support";
import { onlyInFile } from "../../server";
import { startSession, sent, texts } from "./agents";

/** Waits until the condition holds in the database of a bus. */
async function until(db: string, condition: string): Promise<void> {
  const database = new Database(db, { readonly: true });
  database.run("pragma busy_timeout = 3000");
  const deadline = performance.now() + 20_000;
  try {
    while (database.query(condition).get() === null) {
      if (performance.now() > deadline) throw new Error(`never true: ${condition}`);
      await Bun.sleep(2);
    }
  } finally {
    database.close();
  }
}

test("a message is delivered when it has been shown and read when that is said, each once", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  await claude.parley("message", codex.id, "hello");
  const shown = (await codex.parley("inbox", "--json")).json().data.messages[0];
  // The state before this answer.
  expect(shown).toMatchObject({ status: "pending", delivered_at: null, read_at: null });
  const again = (await codex.parley("inbox", "--json")).json().data.messages[0];
  expect(again).toMatchObject({ id: shown.id, status: "delivered", read_at: null });
  expect((await codex.parley("read", String(shown.id))).stdout).toBe(
    `Marked 1 message read: #${shown.id}\n`,
  );
  expect((await codex.parley("inbox")).stdout).toBe("No messages.\n");
  expect((await codex.parley("read", "--all")).stdout).toBe("Nothing was unread.\n");
  const [sentMessage] = (await claude.parley("message", "--sent", "--json")).json().data.messages;
  expect(sentMessage).toMatchObject({ status: "read", delivered_at: again.delivered_at });
  expect(sentMessage.read_at >= sentMessage.delivered_at).toBe(true);
});

test("--peek marks nothing, --mark-read marks what it showed, and both at once is refused", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  for (const text of ["one", "two", "three"]) await claude.parley("message", codex.id, text);
  for (let time = 0; time < 2; time++) {
    expect(texts(await codex.parley("inbox", "--peek", "--json"))).toEqual(["one", "two", "three"]);
  }
  expect(await sent(claude)).toEqual(["one: pending", "two: pending", "three: pending"]);
  expect((await codex.parley("inbox", "--peek", "--mark-read")).exitCode).toBe(64);
  const page = await codex.parley("inbox", "--mark-read", "--limit", "2", "--json");
  expect(texts(page)).toEqual(["one", "two"]);
  expect(page.json().data.remaining).toBe(1);
  expect(await sent(claude)).toEqual(["one: read", "two: read", "three: pending"]);
});

onlyInFile("what nobody could read stays pending, and is shown to the next who asks", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  const nobodyReads = [
    ["parley inbox >/dev/null", 0],
    ["parley inbox --json --mark-read >/dev/null", 0],
    ["parley inbox >&-", 0],
    ["parley status --unread >/dev/null", 0],
    ["parley status --no-log >&-", 0],
    ["parley orient >/dev/null", 0],
    ["parley cxq --bus-unread >&-", 0],
    // The reader is gone before the first byte.
    ["mkfifo gone; exec 3<>gone 4>gone 3>&-; parley inbox >&4", 0],
    ...(process.platform === "linux" ? ([["parley inbox >/dev/full", 8]] as const) : []),
  ] as const;
  for (const [line, exitCode] of nobodyReads) {
    await claude.parley("message", codex.id, line);
    expect([line, (await codex.shell(line)).exitCode]).toEqual([line, exitCode]);
    expect(await sent(claude)).toEqual([`${line}: pending`]);
    expect(texts(await codex.parley("inbox", "--mark-read", "--json"))).toEqual([line]);
    expect(await sent(claude)).toEqual([`${line}: read`]);
    await forget(s.db);
  }
});

/** Leaves no sent message behind, so that each case stands for itself. */
async function forget(db: string): Promise<void> {
  const database = new Database(db);
  database.run("pragma busy_timeout = 3000");
  database.run("delete from deliveries");
  database.run("delete from session_messages where recipient_id is not null");
  database.close();
}

onlyInFile("a reader that is killed before it has written leaves the message pending", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  // More than a pipe holds, so that the reader stands still in the middle of writing.
  for (const part of ["a", "b", "c"]) await claude.parley("message", codex.id, part.repeat(60_000));
  const pipe = path(s.dir, "pipe");
  await codex.shell(`mkfifo ${pipe}`);
  const end = openSync(pipe, "r+");
  const reader = Bun.spawn([binary, "inbox", "--session", codex.id], {
    env: { HOME: s.home },
    stdin: "ignore",
    stdout: end,
    stderr: "ignore",
  });
  await until(s.db, "select 1 from deliveries where reserved_until is not null");
  // While it is reserved for one reader, another neither sees it nor has it counted.
  const other = await codex.parley("inbox", "--json");
  expect(other.json().data).toEqual({ messages: [], remaining: 0 });
  reader.kill("SIGKILL");
  await reader.exited;
  closeSync(end);
  expect((await sent(claude)).map((line) => line.slice(-9))).toEqual([
    ": pending",
    ": pending",
    ": pending",
  ]);

  // The reservation runs out by itself; here it has.
  const database = new Database(s.db);
  database.run("pragma busy_timeout = 3000");
  database.run("update deliveries set reserved_until = '2026-01-01T00:00:00.000Z'");
  database.close();
  expect(texts(await codex.parley("inbox", "--json"))).toHaveLength(3);
  expect((await sent(claude)).every((line) => line.endsWith(": delivered"))).toBe(true);
});

test("two readers at once never both show a message as new, and none is lost", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  for (let round = 0; round < 3; round++) {
    const written = Array.from({ length: 8 }, (_, i) => `${round}-${i}`);
    for (const text of written) await claude.parley("message", codex.id, text);
    const verbs = [["inbox"], ["status", "--unread"], ["inbox"], ["inbox", "--limit", "3"]];
    const runs = await Promise.all(verbs.map((verb) => codex.parley(...verb, "--json")));
    const fresh = runs.flatMap((run) => {
      const { messages, unread } = run.json().data;
      return (messages ?? unread).filter(({ status }: { status: string }) => status === "pending");
    });
    expect(fresh.map(({ payload }) => payload.message).toSorted()).toEqual(written);
    await codex.parley("read", "--all");
  }
});

test("another session's message cannot be marked read", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  const [message] = (await claude.parley("message", codex.id, "yours", "--json")).json().data
    .messages;
  const run = await claude.parley("read", String(message.id), "--json");
  expect(run.exitCode).toBe(4);
  expect(run.json().error).toMatchObject({
    code: "not_found",
    details: { message_ids: [message.id] },
  });
  // All or nothing: a good id beside a wrong one is not marked either.
  expect((await codex.parley("read", String(message.id), "99999")).exitCode).toBe(4);
  expect(await sent(claude)).toEqual(["yours: pending"]);
});

test("status marks only what it printed, and its numbers are from before the marking", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude", { register: ["--project", "PILOT"] });
  const codex = await startSession(s, "codex", { cwd: s.home, register: ["--project", "PILOT"] });
  await claude.parley("message", codex.id, "hello");
  for (const view of ["--stats", "--locks", "--claims", "--lifecycle"]) {
    await codex.parley("status", view);
    await codex.parley("cxq", "--bus-stats");
    expect(await sent(claude)).toEqual(["hello: pending"]);
  }
  // A list without it does not reserve it.
  const alerts = await codex.parley("status", "--alerts", "--json");
  expect(alerts.json().data.alerts[0]).toMatchObject({
    status: "pending",
    message_type: "project_conflict",
  });
  expect(await sent(claude)).toEqual(["hello: pending"]);
  expect((await s.parley(["status", "--alerts", "--json"])).json().data.alerts[0].status).toBe(
    "delivered",
  );

  const dashboard = (await codex.parley("status", "--no-log", "--json")).json().data;
  expect(dashboard.stats.pending).toBe(1);
  expect(dashboard.unread.map(({ channel }: { channel: string }) => channel)).toEqual([
    ...["operator_alert", "coordination"],
  ]);
  expect(await sent(claude)).toEqual(["hello: delivered"]);
  // The dashboards of other sessions count them, and mark none.
  await claude.parley("message", codex.id, "again");
  const seen = (await s.parley(["status", "--no-log", "--json"])).json().data;
  expect(seen.sessions.map(({ unread_count }: { unread_count: number }) => unread_count)).toEqual([
    1, 3,
  ]);
  expect(await sent(claude)).toEqual(["hello: delivered", "again: pending"]);
});

test("more than fifty unread messages are counted, and only those shown are delivered", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  const lines = Array.from({ length: 53 }, (_, i) => `parley message ${codex.id} m${i} >/dev/null`);
  expect((await claude.shell(lines.join(" && "))).exitCode).toBe(0);
  const human = await codex.parley("status", "--no-log");
  expect(human.stdout).toContain(" | 53 unread\n");
  expect(human.stdout).toContain("- +3 more\n");
  const totals = (await claude.parley("message", "--sent", "--json")).json().data.totals;
  expect(totals).toEqual({ pending: 3, delivered: 50, read: 0 });
  const rest = await codex.parley("inbox", "--limit", "10", "--json");
  expect(rest.json().data.remaining).toBe(43);
  expect(texts(rest).slice(0, 3)).toEqual(["m50", "m51", "m52"]);
});
