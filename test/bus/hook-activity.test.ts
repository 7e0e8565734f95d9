/** Events of agents, and the leases of a turn. */
import { expect, test } from "bun:test";

import { type HookActivity, maxActiveFiles } from "../../src/bus/hook-activity";
import type { LockRequest } from "../../src/bus/lock";
import { agent, contract, draft, lockRequest, texts, hookActivity, type Fixture } from "./fixture";

const ttl = 600_000;

const lease = (session_id: string, paths: string[], more: Partial<LockRequest> = {}): LockRequest =>
  lockRequest(session_id, paths, { ttl, auto: true, ...more });

contract("An agent's event", (newFixture) => {
  const register = async (w: Fixture, more = {}) =>
    w.store.registerSession(
      agent("claude", 1, { session_uuid: "conversation", session_uuid_known: true, ...more }),
      w.liveness(),
    );
  const recordActivity = (w: Fixture, more: Partial<HookActivity> = {}) =>
    w.store.recordActivity(hookActivity("claude", "conversation", 1, more), w.liveness());
  const lock = (w: Fixture, request: LockRequest) => w.store.acquireLocks(request, w.liveness());
  const held = async (w: Fixture, id = "claude-1") => (await w.store.holdings(id, w.at)).file_locks;

  test("finds the session by its conversation and process, and no other", async () => {
    const w = await newFixture();
    await register(w);
    expect((await recordActivity(w))?.record.session_id).toBe("claude-1");
    expect((await recordActivity(w, { likelyPids: [9, 1] }))?.record.session_id).toBe("claude-1");
    expect(await recordActivity(w, { likelyPids: [9] })).toBeNull();
    expect(await recordActivity(w, { session_uuid: "another" })).toBeNull();
    expect(await recordActivity(w, { llm_vendor: "codex" })).toBeNull();
  });

  test("tells sessions of one host apart by their conversations", async () => {
    const w = await newFixture();
    const shared = { session_uuid_known: true, shared_host: true };
    for (const session_uuid of ["one", "two"])
      await w.store.registerSession(agent("codex", 7, { ...shared, session_uuid }), w.liveness());
    const found = async (session_uuid: string) =>
      (await recordActivity(w, { llm_vendor: "codex", session_uuid, likelyPids: [7] }))?.record
        .session_id;
    expect([await found("one"), await found("two")]).toEqual(["codex-7", "codex-7-2"]);
  });

  test("is nobody's once the process is gone", async () => {
    const w = await newFixture();
    await register(w);
    w.processes.set(1, "gone");
    expect(await recordActivity(w)).toBeNull();
  });

  test("writes a heartbeat only when the last is ten seconds old", async () => {
    const w = await newFixture();
    await register(w);
    const beaten = async () => (await w.store.session("claude-1"))?.heartbeat_at;
    const first = await beaten();
    w.at += 9_999;
    await recordActivity(w);
    expect(await beaten()).toBe(first!);
    w.at += 1;
    await recordActivity(w);
    expect(Date.parse((await beaten())!)).toBe(w.at);
  });

  test("that changes nothing writes nothing", async () => {
    const w = await newFixture();
    await register(w);
    await recordActivity(w, { activity: "working", edited: ["/a"] });
    const other = await w.another();
    const before = await other.changeCount();
    const again = await recordActivity(w, { activity: "working", edited: ["/a"], mail_from: 0 });
    expect(again?.changed).toBe(false);
    expect(await other.changeCount()).toBe(before);
  });

  test("keeps what the agent does, since when it began", async () => {
    const w = await newFixture();
    expect((await register(w)).record.activity).toBeNull();
    const since = new Date((w.at += 1000)).toISOString();
    expect((await recordActivity(w, { activity: "working" }))?.changed).toBe(true);
    w.at += 1000;
    await recordActivity(w, { activity: "working" });
    await recordActivity(w);
    expect((await w.store.session("claude-1"))?.activity).toEqual({ state: "working", since });
    await recordActivity(w, { activity: "awaiting permission" });
    expect((await w.store.session("claude-1"))?.activity).toEqual({
      state: "awaiting permission",
      since: new Date(w.at).toISOString(),
    });
  });

  test("keeps the latest edited files, each once, until the turn ends", async () => {
    const w = await newFixture();
    await register(w);
    await recordActivity(w, { edited: ["/a"] });
    await recordActivity(w, { edited: ["/b"] });
    await recordActivity(w, { edited: ["/a"] });
    const files = async () => (await w.store.session("claude-1"))?.active_files;
    expect(await files()).toEqual(["/a", "/b"]);
    await recordActivity(w, { edited: Array.from({ length: 50 }, (_, n) => `/${n}`) });
    expect(await files()).toHaveLength(maxActiveFiles);
    await recordActivity(w, { ends_turn: true });
    expect(await files()).toEqual([]);
  });

  test("at the end of a turn frees its leases, and no lock taken by hand", async () => {
    const w = await newFixture();
    await register(w);
    await lock(w, lease("claude-1", ["/hand"], { auto: false, ttl: null }));
    await lock(w, lease("claude-1", ["/hand", "/lease"]));
    await recordActivity(w);
    expect(await held(w)).toEqual(["/hand", "/lease"]);
    await recordActivity(w, { ends_turn: true });
    expect(await held(w)).toEqual(["/hand"]);
    w.at += ttl + 1;
    expect(await held(w)).toEqual(["/hand"]);
  });

  test("leaves a lease that was then locked by hand", async () => {
    const w = await newFixture();
    await register(w);
    await lock(w, lease("claude-1", ["/a"]));
    await lock(w, lease("claude-1", ["/a"], { auto: false, ttl: null }));
    await recordActivity(w, { ends_turn: true });
    expect(await held(w)).toEqual(["/a"]);
  });

  test("makes a lease of a lock whose time has run out", async () => {
    const w = await newFixture();
    await register(w);
    await lock(w, lease("claude-1", ["/a"], { auto: false, ttl: 1000 }));
    w.at += 2000;
    await lock(w, lease("claude-1", ["/a"]));
    expect(await held(w)).toEqual(["/a"]);
    await recordActivity(w, { ends_turn: true });
    expect(await held(w)).toEqual([]);
  });

  test("renews a lease that is no longer young, and tells who waits when it is freed", async () => {
    const w = await newFixture();
    await register(w);
    await w.store.registerSession(agent("codex", 2), w.liveness());
    await lock(w, lease("claude-1", ["/a"]));
    w.at += ttl - 1000;
    await lock(w, lease("claude-1", ["/a"]));
    w.at += ttl - 1000;
    expect(await held(w)).toEqual(["/a"]);
    const waiting = { process: agent("codex", 2).evidence!, until: w.at + ttl };
    const blocked = await lock(w, lease("codex-2", ["/a"], { auto: false, waiting }));
    expect(blocked).toMatchObject({ kind: "blocked", blocker: { holder: "claude-1" } });
    expect((await recordActivity(w, { ends_turn: true }))?.touched).toEqual(["codex-2"]);
  });

  test("a lease is refused by another's lock, and says whose it is", async () => {
    const w = await newFixture();
    await register(w);
    await w.store.registerSession(agent("codex", 2), w.liveness());
    await lock(w, lease("claude-1", ["/repo/a"]));
    expect(await lock(w, lease("codex-2", ["/repo/b", "/repo/a"]))).toMatchObject({
      kind: "blocked",
      blocker: { holder: "claude-1", resource: "/repo/a" },
    });
    expect(await held(w, "codex-2")).toEqual([]);
  });

  test("counts the mail that it could show: pending, urgent enough, another's, not announced", async () => {
    const w = await newFixture();
    await register(w);
    await w.store.registerSession(agent("codex", 2), w.liveness());
    const send = async (message: string, priority: number, from = "codex-2") => {
      const payload = { message };
      const [sent] = await w.store.sendMessages(
        draft(from, "claude-1", { priority, payload }),
        w.liveness(),
      );
      return sent!.id;
    };
    await send("low", 1);
    const high = await send("high", 2);
    await send("top", 3);
    const own = await send("to myself", 3, "claude-1");
    const waiting = async (mail_from: number) => (await recordActivity(w, { mail_from }))?.waiting;
    expect([await waiting(0), await waiting(2)]).toEqual([3, 2]);

    await w.store.markAnnounced("claude-1", [high], w.at);
    expect(await waiting(2)).toBe(1);
    const mail = { mailbox: "claude-1", channel: null, limit: 10, peek: false, again: true };
    const page = await w.store.openInbox({ ...mail, fresh_from: 0 }, w.liveness());
    expect(texts(page.messages)).toEqual(["top", "low"]);
    // Reserved by the first hook, so not shown by another at the same time.
    expect(await waiting(0)).toBe(0);
    // Announced messages are still pending for the next reader of the inbox.
    const inbox = await w.store.openInbox(mail, w.liveness());
    expect(inbox.messages).toMatchObject([
      { id: own, status: "pending" },
      { id: high, status: "pending" },
    ]);
  });

  test("announcing does not deliver, and gives back what was reserved", async () => {
    const w = await newFixture();
    await register(w);
    const [sent] = await w.store.sendMessages(draft("operator", "claude-1"), w.liveness());
    const mail = { mailbox: "claude-1", channel: null, limit: 10, peek: false };
    await w.store.openInbox({ ...mail, fresh_from: 0 }, w.liveness());
    await w.store.markAnnounced("claude-1", [sent!.id], w.at);
    const { messages } = await w.store.openInbox(mail, w.liveness());
    expect(messages).toMatchObject([{ id: sent!.id, status: "pending" }]);
    await w.store.markDelivered("claude-1", [sent!.id], "test", w.at);
    expect((await recordActivity(w, { mail_from: 0 }))?.waiting).toBe(0);
  });
});
