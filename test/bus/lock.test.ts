/** File locks: overlap, queues, leases, force and release. */
import { expect, test } from "bun:test";

import type { Attempt, AcquiredLocks } from "../../src/bus/lock";
import {
  agent,
  registerAgents,
  claimRequest,
  contract,
  everything,
  evidenceOf,
  lockRequest,
  texts,
  type Fixture,
} from "./fixture";

const second = 1000;

contract("Locks", (newFixture) => {
  /** Two live sessions, claude-1 and codex-2. */
  const two = async (): Promise<Fixture> =>
    registerAgents(await newFixture(), { claude: 1, codex: 2 });
  const lock = (
    w: Fixture,
    ...args: Parameters<typeof lockRequest>
  ): Promise<Attempt<AcquiredLocks>> => w.store.acquireLocks(lockRequest(...args), w.liveness());
  const blocker = (attempt: Attempt<AcquiredLocks>) =>
    attempt.kind === "blocked" ? attempt.blocker : null;

  test("one session holds a path, another's attempt names the holder and raises an alert", async () => {
    const w = await two();
    expect((await lock(w, "claude-1", ["/r/a"])).kind).toBe("got");
    const refused = await lock(w, "codex-2", ["/r/a"]);
    expect(blocker(refused)).toMatchObject({
      holder: "claude-1",
      resource: "/r/a",
      wanted: "/r/a",
    });
    const { alerts } = await w.store.overview(w.liveness());
    expect(alerts[0]).toMatchObject({
      message_type: "file_conflict",
      payload: { resource: "/r/a", sessions: ["claude-1", "codex-2"] },
    });
  });

  test("several paths are taken all or none", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/b"]);
    expect(blocker(await lock(w, "codex-2", ["/r/a", "/r/b"]))?.wanted).toBe("/r/b");
    expect(await w.store.locksOn(["/r/a"], w.liveness())).toEqual([]);
  });

  test("a directory's lock covers what is below it, in both directions, and nothing that only sounds alike", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/src"]);
    expect(blocker(await lock(w, "codex-2", ["/r/src/deep/x.ts"]))?.resource).toBe("/r/src");
    expect(blocker(await lock(w, "codex-2", ["/r"]))?.resource).toBe("/r/src");
    expect(blocker(await lock(w, "codex-2", ["/"]))?.resource).toBe("/r/src");
    expect((await lock(w, "codex-2", ["/r/src2", "/r/src.ts", "/r/sr"])).kind).toBe("got");
  });

  test("a named resource is locked by its name alone", async () => {
    const w = await two();
    await lock(w, "claude-1", ["res:port/3000"]);
    expect((await lock(w, "codex-2", ["res:port", "res:port/30", "/"])).kind).toBe("got");
    expect(blocker(await lock(w, "codex-2", ["res:port/3000"]))?.holder).toBe("claude-1");
  });

  test("locking again renews and keeps the fence, a new owner gets a higher one", async () => {
    const w = await two();
    const fence = async (session: string, more = {}) => {
      const attempt = await lock(w, session, ["/r/a"], more);
      return attempt.kind === "got" ? (attempt.got.locks[0]?.fence ?? 0) : 0;
    };
    const first = await fence("claude-1", { ttl: 10 * second });
    w.at += 9 * second;
    expect(await fence("claude-1", { ttl: 10 * second })).toBe(first);
    w.at += 9 * second;
    expect(await fence("codex-2")).toBe(0);
    w.at += second;
    expect(await fence("codex-2")).toBeGreaterThan(first);
  });

  test("a lease that ran out is free at once", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/a"], { ttl: 10 * second });
    w.at += 10 * second;
    expect(await w.store.locksOn(["/r/a"], w.liveness())).toEqual([]);
    expect((await lock(w, "codex-2", ["/r/a"])).kind).toBe("got");
  });

  test("a dead holder's lock is free at once, an idle live one's is not", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/a"]);
    w.at += 3 * 24 * 3600 * second;
    expect((await lock(w, "codex-2", ["/r/a"])).kind).toBe("blocked");
    w.processes.set(1, "gone");
    expect((await lock(w, "codex-2", ["/r/a"])).kind).toBe("got");
  });

  test("force takes an advisory lock and tells its holder, an exclusive one it does not take", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/a"]);
    const taken = await lock(w, "codex-2", ["/r/a"], { force: true });
    expect(taken.kind === "got" && taken.got.taken.map((each) => each.session_id)).toEqual([
      "claude-1",
    ]);
    const { messages } = await w.store.openInbox(
      { mailbox: "claude-1", channel: "coordination", limit: 9, peek: true },
      w.liveness(),
    );
    expect(texts(messages)).toEqual(["codex-2 has taken your advisory lock on /r/a"]);
    await lock(w, "codex-2", ["/r/a"], { lock_type: "exclusive" });
    expect((await lock(w, "claude-1", ["/r/a"], { force: true })).kind).toBe("blocked");
  });

  test("only the holder unlocks, and the alert ends with the lock", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/a", "/r/b"]);
    await lock(w, "codex-2", ["/r/a"]);
    await expect(w.store.releaseLocks("codex-2", ["/r/a"], w.liveness())).rejects.toMatchObject({
      code: "conflict",
    });
    const { released } = await w.store.releaseLocks("claude-1", ["/r/a", "/r/x"], w.liveness());
    expect(released.map((each) => each.file_path)).toEqual(["/r/a"]);
    expect((await w.store.overview(w.liveness())).alerts).toEqual([]);
    expect((await w.store.releaseLocks("claude-1", null, w.liveness())).released).toHaveLength(1);
  });

  test("the end of a session frees its locks and claims, each with its event", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/a", "/r/b"]);
    await w.store.acquireClaim(claimRequest("claude-1", "H.1"), w.liveness());
    const ended = await w.store.endSession("claude-1", "session ended normally", w.liveness());
    expect(ended?.released).toEqual({ locks: 2, claims: 1 });
    const events = (await w.store.recentMessages(everything(9), w.at)).filter(
      (each) => each.message_type === "end",
    );
    expect(events.map((each) => each.channel)).toEqual([
      "file_lock",
      "file_lock",
      "task_broadcast",
    ]);
  });

  test("those who wait are served in order, and nobody passes them", async () => {
    const w = await two();
    await w.store.registerSession(agent("kimi", 3), w.liveness());
    const waiting = (pid: number) => ({
      waiting: { process: evidenceOf(pid), until: w.at + 60 * second },
    });
    await lock(w, "claude-1", ["/r/a"]);
    const next = await lock(w, "codex-2", ["/r/a"], waiting(102));
    const last = await lock(w, "kimi-3", ["/r/a"], waiting(103));
    const ticket = (attempt: Attempt<AcquiredLocks>) =>
      attempt.kind === "blocked" ? attempt.ticket : null;
    expect(ticket(last) ?? 0).toBeGreaterThan(ticket(next) ?? 0);
    await w.store.releaseLocks("claude-1", null, w.liveness());
    expect(blocker(await lock(w, "claude-1", ["/r/a"]))).toMatchObject({
      holder: "codex-2",
      lock: null,
    });
    expect(
      (await lock(w, "kimi-3", ["/r/a"], { ...waiting(103), ticket: ticket(last) })).kind,
    ).toBe("blocked");
    expect(
      (await lock(w, "codex-2", ["/r/a"], { ...waiting(102), ticket: ticket(next) })).kind,
    ).toBe("got");
  });

  test("a waiter whose process is gone, or whose time is up, holds nobody up", async () => {
    const w = await two();
    await w.store.registerSession(agent("kimi", 3), w.liveness());
    await lock(w, "claude-1", ["/r/a"]);
    const waiting = (pid: number) => ({
      waiting: { process: evidenceOf(pid), until: w.at + 60 * second },
    });
    await lock(w, "codex-2", ["/r/a"], waiting(102));
    await w.store.releaseLocks("claude-1", null, w.liveness());
    expect((await lock(w, "kimi-3", ["/r/a"])).kind).toBe("blocked");
    w.processes.set(102, "gone");
    expect((await lock(w, "kimi-3", ["/r/a"])).kind).toBe("got");
  });

  test("a holder may take more of what another waits for, or each would wait for the other", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/a"]);
    await lock(w, "codex-2", ["/r/a", "/r/b"], {
      waiting: { process: evidenceOf(102), until: w.at + 60 * second },
    });
    expect((await lock(w, "claude-1", ["/r/b"])).kind).toBe("got");
  });

  test("a look of one who waits in vain writes nothing", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/a"]);
    const waiting = { process: evidenceOf(102), until: w.at + 60 * second };
    const first = await lock(w, "codex-2", ["/r/a"], { waiting });
    const other = await w.another();
    const before = await other.changeCount();
    await lock(w, "codex-2", ["/r/a"], {
      waiting,
      ticket: first.kind === "blocked" ? first.ticket : null,
    });
    expect(await other.changeCount()).toBe(before);
  });

  test("the same repository file in another worktree is a warning, not a conflict", async () => {
    const w = await two();
    const target = (file_path: string) => [
      { file_path, repository: "/main/.git", repository_path: "src/a.ts" },
    ];
    await w.store.acquireLocks(
      lockRequest("claude-1", [], { targets: target("/main/src/a.ts") }),
      w.liveness(),
    );
    const other = await w.store.acquireLocks(
      lockRequest("codex-2", [], { targets: target("/other/src/a.ts") }),
      w.liveness(),
    );
    expect(other.kind === "got" && other.got.elsewhere.map((each) => each.session_id)).toEqual([
      "claude-1",
    ]);
  });

  test("all locks of a dead holder end once, whichever of them is met first", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/a", "/r/b", "/r/c"]);
    w.processes.set(1, "gone");
    expect((await lock(w, "codex-2", ["/r"])).kind).toBe("got");
    const ends = (await w.store.recentMessages(everything(20), w.at)).filter(
      (each) => each.channel === "file_lock" && each.message_type !== "lock",
    );
    expect(ends.map((each) => [each.message_type, each.payload["file"]])).toEqual([
      ["end", "/r/a"],
      ["end", "/r/b"],
      ["end", "/r/c"],
    ]);
  });

  test("what is taken by force for two reasons is taken once", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/a"]);
    const taken = await lock(w, "codex-2", ["/r", "/r/a"], { force: true });
    expect(taken.kind === "got" && taken.got.taken.map((each) => each.file_path)).toEqual(["/r/a"]);
    expect((await w.store.unread("claude-1", w.at)).by_channel["coordination"]).toBe(1);
  });

  test("it is told which paths were not held before", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/a"]);
    const again = await lock(w, "claude-1", ["/r/a", "/r/b"], { lock_type: "exclusive" });
    expect(again.kind === "got" && again.got.fresh).toEqual(["/r/b"]);
    expect(again.kind === "got" && again.got.locks.map((each) => each.lock_type)).toEqual([
      "exclusive",
      "exclusive",
    ]);
  });

  test("who comes after another waiter is told so, and says so to that one", async () => {
    const w = await two();
    await w.store.registerSession(agent("kimi", 3), w.liveness());
    const waiting = { process: evidenceOf(102), until: w.at + 60 * second };
    await lock(w, "claude-1", ["/r/a"]);
    await lock(w, "codex-2", ["/r/a"], { waiting });
    await w.store.releaseLocks("claude-1", null, w.liveness());
    const behind = await lock(w, "kimi-3", ["/r/a"], {
      waiting: { ...waiting, process: evidenceOf(103) },
    });
    expect(blocker(behind)).toMatchObject({ holder: "codex-2", queued: true, lock: null });
    const { messages } = await w.store.openInbox(
      { mailbox: "codex-2", channel: "coordination", limit: 9, peek: true },
      w.liveness(),
    );
    expect(texts(messages)).toEqual(["kimi-3 waits for /r/a after you"]);
  });

  test("of all that a refused lock names the holder comes first, whoever asks later", async () => {
    const w = await two();
    await w.store.registerSession(agent("kimi", 3), w.liveness());
    await lock(w, "claude-1", ["/r/a"]);
    for (const session of ["codex-2", "kimi-3", "codex-2"]) await lock(w, session, ["/r/a"]);
    const { alerts } = await w.store.overview(w.liveness());
    expect(alerts.map((alert) => alert.payload.sessions[0])).toEqual(["claude-1"]);
    expect(alerts[0]?.payload.sessions.toSorted()).toEqual(["claude-1", "codex-2", "kimi-3"]);
  });

  test("the alert ends with the lease, as soon as anybody looks", async () => {
    const w = await two();
    await lock(w, "claude-1", ["/r/a"], { ttl: 10 * second });
    await lock(w, "codex-2", ["/r/a"]);
    w.at += 10 * second;
    expect((await w.store.overview(w.liveness())).alerts).toEqual([]);
    expect((await w.store.unread("codex-2", w.at)).total).toBe(0);
  });

  test("a session that ended takes no lock", async () => {
    const w = await two();
    await w.store.endSession("codex-2", "session ended normally", w.liveness());
    await expect(lock(w, "codex-2", ["/r/a"])).rejects.toMatchObject({ code: "not_registered" });
  });
});
