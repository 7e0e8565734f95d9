/** Cleanup, and the rows that every writer removes in passing. */
import { expect, test } from "bun:test";

import { defaultSettings } from "../../src/bus/settings";
import type { CleanedUp } from "../../src/bus/cleanup";
import {
  agent,
  registerAgents,
  claimRequest,
  contract,
  day,
  draft,
  everything,
  evidenceOf,
  lockRequest,
  type Fixture,
} from "./fixture";

const second = 1000;
const hour = 3600 * second;
const none = { messages: 0, sessions: 0, locks: 0, claims: 0, alerts: 0 };

contract("Cleaning up", (newFixture) => {
  const lock = (w: Fixture, session_id: string, path: string, ttl: number | null = null) =>
    w.store.acquireLocks(lockRequest(session_id, [path], { ttl }), w.liveness());
  const claim = (w: Fixture, session_id: string, task_id: string, ttl: number | null = null) =>
    w.store.acquireClaim(claimRequest(session_id, task_id, { ttl }), w.liveness());
  const clean = (w: Fixture, vacuum = false): Promise<CleanedUp> =>
    w.store.cleanUp(w.liveness(), { vacuum });
  const stored = async (w: Fixture): Promise<string[]> =>
    (await w.store.recentMessages(everything(100_000), 0)).map((message) => message.channel);
  /** Two live sessions, claude-1 and codex-2, of different projects. */
  const two = async (): Promise<Fixture> =>
    registerAgents(await newFixture(), { claude: 1, codex: 2 });

  test("a bus with nothing past its time stays as it is", async () => {
    const w = await two();
    await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    await lock(w, "claude-1", "/r/a");
    const before = await w.store.overview(w.liveness());
    expect(await w.store.overdue(w.liveness())).toEqual(none);
    expect(await clean(w)).toMatchObject({ removed: none, touched: [], blocked: null });
    const { stats } = await w.store.overview(w.liveness());
    expect({ ...stats, database: null }).toEqual({ ...before.stats, database: null });
  });

  test("a message to nobody in particular goes when its channel's time is over, with the millisecond", async () => {
    const w = await two();
    await claim(w, "claude-1", "H.1");
    w.at += 600 * second - 1;
    expect((await clean(w)).removed.messages).toBe(0);
    w.at += 1;
    expect(await w.store.overdue(w.liveness())).toEqual({ ...none, messages: 1 });
    expect((await clean(w)).removed).toEqual({ ...none, messages: 1 });
    expect(await stored(w)).toEqual(["session_lifecycle", "session_lifecycle"]);
  });

  test("an expired directed message is hidden at once and kept a day more: a jump of the clock loses nothing", async () => {
    const w = await two();
    await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    const unread = async () => (await w.store.unread("codex-2", w.at)).total;
    const sent = w.at;
    w.at = sent + 2 * day - 1;
    expect(await unread()).toBe(0);
    expect((await clean(w)).removed.messages).toBe(0);
    w.at = sent + hour;
    expect(await unread()).toBe(1);
    w.at = sent + 2 * day;
    expect(await w.store.overdue(w.liveness())).toEqual({ ...none, messages: 1 });
    expect((await clean(w)).removed).toEqual({ ...none, messages: 1 });
    w.at = sent + hour;
    expect(await unread()).toBe(0);
    await expect(w.store.markRead("codex-2", [3], w.liveness())).rejects.toThrow("No message 3");
  });

  test("alerts go after a day, and are counted apart", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1, { project_id: "P" }), w.liveness());
    await w.store.registerSession(agent("codex", 2, { project_id: "P" }), w.liveness());
    w.at += day;
    expect(await w.store.overdue(w.liveness())).toEqual({ ...none, alerts: 1 });
    expect((await clean(w)).removed).toEqual({ ...none, alerts: 1 });
    expect(await w.store.alerts(10, 0)).toEqual([]);
  });

  test("locks and claims that ran out go with their event, and end the alerts about them", async () => {
    const w = await two();
    await lock(w, "claude-1", "/r/a", 60 * second);
    await lock(w, "claude-1", "/r/b");
    await claim(w, "claude-1", "H.1", 60 * second);
    await lock(w, "codex-2", "/r/a");
    await claim(w, "codex-2", "H.1");
    expect(await w.store.alerts(10, w.at)).toHaveLength(2);
    w.at += 60 * second;
    expect(await w.store.overdue(w.liveness())).toEqual({ ...none, locks: 1, claims: 1 });
    expect((await clean(w)).removed).toEqual({ ...none, locks: 1, claims: 1 });
    const events = (await w.store.recentMessages(everything(2), w.at)).map(
      ({ channel, payload }) => [channel, payload["action"]],
    );
    expect(events).toEqual([
      ["file_lock", "expire"],
      ["task_broadcast", "expire"],
    ]);
    expect(await w.store.alerts(10, w.at)).toEqual([]);
    expect((await w.store.locksOn(null, w.liveness())).map((each) => each.file_path)).toEqual([
      "/r/b",
    ]);
  });

  test("dead sessions are ended first, which frees what they hold and rings those who wait for it", async () => {
    const w = await two();
    await lock(w, "claude-1", "/r/a");
    await lock(w, "claude-1", "/r/b");
    await claim(w, "claude-1", "H.1");
    const waiting = { process: evidenceOf(3), until: w.at + hour };
    await w.store.acquireLocks(lockRequest("codex-2", ["/r/a"], { waiting }), w.liveness());
    w.processes.set(1, "gone");
    expect(await w.store.overdue(w.liveness())).toEqual({ ...none, locks: 2, claims: 1 });
    expect(await clean(w)).toMatchObject({
      removed: { ...none, locks: 2, claims: 1 },
      live: ["codex-2"],
      touched: ["codex-2"],
    });
    expect((await w.store.lifecycle(1))[0]).toMatchObject({
      event: "ended",
      session_id: "claude-1",
      reason: "process exited",
    });
  });

  test("who waits no more is forgotten", async () => {
    const w = await two();
    await claim(w, "claude-1", "H.1");
    const waiting = { process: evidenceOf(3), until: w.at + hour };
    await w.store.acquireClaim(claimRequest("codex-2", "H.1", { waiting }), w.liveness());
    w.processes.set(3, "gone");
    await clean(w);
    // Only sessions that wait for something freed are notified.
    expect((await w.store.releaseClaims("claude-1", ["H.1"], w.liveness())).touched).toEqual([]);
  });

  test("an ended session goes after 30 days, but not while it has unread mail", async () => {
    const w = await newFixture({ ...defaultSettings, directed: 60 * day });
    await w.store.registerSession(agent("claude", 1), w.liveness());
    await w.store.registerSession(agent("codex", 2), w.liveness());
    await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    await w.store.endSession("claude-1", "unregistered", w.liveness());
    await w.store.endSession("codex-2", "unregistered", w.liveness());
    w.at += 30 * day - 1;
    expect((await clean(w)).removed.sessions).toBe(0);
    w.at += 1;
    expect((await w.store.overdue(w.liveness())).sessions).toBe(1);
    expect((await clean(w)).removed.sessions).toBe(1);
    expect(await w.store.session("claude-1")).toBeNull();
    const again = agent("codex", 9, { session_uuid: "uuid-codex-2", session_uuid_known: true });
    expect((await w.store.registerSession(again, w.liveness())).unread.total).toBe(1);
  });

  test("a thousand of each kind go in one clean-up, and what is in time stays", async () => {
    const w = await two();
    const some = Array.from({ length: 1000 }, (_, index) => index);
    for (const index of some) await lock(w, "claude-1", `/r/${index}`, hour);
    await w.store.sendMessages(
      draft("codex-2", "", { recipients: { ids: some.map((index) => `kimi-${index}`) } }),
      w.liveness(),
    );
    w.at += 2 * day;
    await claim(w, "claude-1", "H.1");
    const due = await w.store.overdue(w.liveness());
    // Claiming has purged a little already, as every writer does.
    expect(due.locks + due.messages).toBeGreaterThan(1000);
    expect((await clean(w)).removed).toEqual(due);
    expect(await w.store.overdue(w.liveness())).toEqual(none);
    const left = (await stored(w)).filter((channel) => channel !== "file_lock");
    expect(left).toEqual(["session_lifecycle", "session_lifecycle", "task_broadcast"]);
  }, 120_000);

  test("two clean-ups at once count everything once", async () => {
    const w = await two();
    const ids = Array.from({ length: 3000 }, (_, index) => `kimi-${index}`);
    await w.store.sendMessages(draft("codex-2", "", { recipients: { ids } }), w.liveness());
    const other = await w.another();
    w.at += 2 * day;
    const results = await Promise.all([clean(w), other.cleanUp(w.liveness(), { vacuum: false })]);
    const sum = results.reduce((total, { removed }) => total + removed.messages, 0);
    expect(sum).toBe(3000);
  });

  test("rewriting the whole says for how long nobody else could write", async () => {
    const w = await two();
    const { blocked, shrinks } = await clean(w, true);
    expect(blocked).toBeGreaterThan(0);
    expect(shrinks).toBe(true);
    expect(await w.store.session("claude-1")).not.toBeNull();
  });
});

/** R69: only by what writers remove in passing, without a clean-up. */
contract("A bus without cron", (newFixture, { givesBack }) => {
  const short = { ...defaultSettings, channels: { ...defaultSettings.channels, default: 5000 } };
  const bytes = async (w: Fixture): Promise<number> => {
    const { size_bytes, wal_bytes } = await w.store.facts();
    return size_bytes + wal_bytes;
  };
  const events = async (w: Fixture, session_id: string, count: number, gap: number) => {
    const event = { ...draft(session_id, ""), channel: "note", message_type: "note", ttl: null };
    let largest = { rows: 0, bytes: 0 };
    for (let done = 0; done < count; done++) {
      w.at += gap;
      await w.store.publishMessage(event, w.liveness());
      if (done % 100 !== 0) continue;
      const rows = (await w.store.recentMessages(everything(100_000), 0)).length;
      largest = {
        rows: Math.max(largest.rows, rows),
        bytes: Math.max(largest.bytes, await bytes(w)),
      };
    }
    return largest;
  };

  test("5,000 short-lived messages over time never take more than a minute's worth of room", async () => {
    const w = await newFixture(short);
    await w.store.registerSession(agent("claude", 1), w.liveness());
    const largest = await events(w, "claude-1", 5000, second);
    // 5 s of life and the minute between two purges, and the batch that a slow machine leaves for the next.
    expect(largest.rows).toBeLessThan(250);
    // Half of it is the write-ahead log, which a store that stays open lets grow to 128 pages.
    if (givesBack) expect(largest.bytes).toBeLessThan(1_000_000);
  });

  test("4,000 at once are gone again after a few hundred later writes, and a file has shrunk", async () => {
    const w = await newFixture(short);
    await w.store.registerSession(agent("claude", 1), w.liveness());
    const atOnce = await events(w, "claude-1", 4000, 0);
    expect(atOnce.rows).toBeGreaterThan(3600);
    w.at += 2 * 60 * second;
    await events(w, "claude-1", 600, 60);
    // Those 600 are not purged before the next minute.
    expect((await w.store.recentMessages(everything(100_000), 0)).length).toBeLessThan(700);
    if (givesBack) expect(await bytes(w)).toBeLessThan(atOnce.bytes / 2);
  });

  test("1,500 directed messages over five days leave the mail of two days", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1), w.liveness());
    await w.store.registerSession(agent("codex", 2), w.liveness());
    for (let sent = 0; sent < 1500; sent++) {
      w.at += 5 * 60 * second;
      await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    }
    const left = (await w.store.recentMessages(everything(100_000), 0)).length;
    expect(left).toBeGreaterThanOrEqual(2 * 288);
    expect(left).toBeLessThan(2 * 288 + 60);
  });

  test("a clock that was far ahead for a moment stops no purging", async () => {
    const w = await newFixture(short);
    await w.store.registerSession(agent("claude", 1), w.liveness());
    const now = w.at;
    w.at += 400 * day;
    await w.store.heartbeat("claude-1", w.liveness());
    w.at = now + 120 * second;
    await events(w, "claude-1", 600, second);
    expect((await w.store.recentMessages(everything(100_000), 0)).length).toBeLessThan(250);
  });
});
