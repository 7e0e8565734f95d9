/** Rescue: the states of sessions, ending and exporting them. */
import { describe, expect, test } from "bun:test";

import { agentKinds } from "../../src/agents/agents";
import type { ProcessEvidence } from "../../src/bus/process";
import { classify } from "../../src/bus/rescue-candidates";
import { agent, claimRequest, contract, day, draft, lockRequest, texts } from "./fixture";

const minute = 60_000;

contract("Rescue", (newFixture) => {
  test("lists the dead with what they hold and ends none", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1), w.liveness());
    await w.store.acquireLocks(lockRequest("claude-1", ["/a"]), w.liveness());
    w.processes.set(1, "gone");
    const [seen] = await w.store.sessionsToRescue(w.liveness());
    expect(seen).toMatchObject({
      record: { session_id: "claude-1", stored_status: "active" },
      holdings: { file_locks: ["/a"] },
    });
    expect((await w.store.session("claude-1"))?.stored_status).toBe("active");
  });

  test("lists for a day the sessions that died, but not those that unregistered", async () => {
    const w = await newFixture();
    for (const pid of [1, 2]) await w.store.registerSession(agent("claude", pid), w.liveness());
    await w.store.registerSession(agent("kimi", 3, { liveness: "heartbeat" }), w.liveness());
    await w.store.endSession("claude-2", "session ended normally", w.liveness());
    w.processes.set(1, "gone");
    await w.store.liveSessions(w.liveness());
    w.at += 6 * minute;
    await w.store.liveSessions(w.liveness());
    const ids = async () =>
      (await w.store.sessionsToRescue(w.liveness())).map(({ record }) => record.session_id);
    expect(await ids()).toEqual(["claude-1", "kimi-3"]);
    w.at += day;
    expect(await ids()).toEqual([]);
  });

  test("ends only those for whose current row there is a reason, and returns what became free", async () => {
    const w = await newFixture();
    for (const pid of [1, 2]) {
      await w.store.registerSession(agent("claude", pid), w.liveness());
      await w.store.acquireClaim(claimRequest(`claude-${pid}`, `T${pid}`), w.liveness());
    }
    const silentSince = w.liveness();
    w.at += minute;
    await w.store.heartbeat("claude-2", w.liveness());
    const ended = await w.store.endSessions(
      ["claude-1", "claude-2", "nobody"],
      (record) => (Date.parse(record.heartbeat_at) <= silentSince.now ? "rescued" : null),
      w.liveness(),
    );
    expect(ended.map((each) => [each.record.session_id, each.released])).toEqual([
      ["claude-1", { locks: 0, claims: 1 }],
    ]);
    expect((await w.store.overview(w.liveness())).claims.map((claim) => claim.task_id)).toEqual([
      "T2",
    ]);
    expect(await w.store.session("claude-1")).toMatchObject({ end_reason: "rescued" });
  });

  test("exports what was sent and received and marks nothing", async () => {
    const w = await newFixture();
    for (const pid of [1, 2]) await w.store.registerSession(agent("codex", pid), w.liveness());
    const [first] = await w.store.sendMessages(draft("codex-1", "codex-2"), w.liveness());
    await w.store.sendMessages(
      draft("codex-2", "codex-1", { payload: { message: "back" } }),
      w.liveness(),
    );
    await w.store.markRead("codex-2", [first!.id], w.liveness());
    const one = await w.store.exportSession("codex-1");
    const two = await w.store.exportSession("codex-2");
    expect([texts(one.messages.sent), texts(one.messages.unread)]).toEqual([["hello"], ["back"]]);
    expect([texts(two.messages.received), two.messages.unread]).toEqual([["hello"], []]);
    expect(await w.store.unread("codex-1", w.at)).toMatchObject({ total: 1 });
    expect((await w.store.sentMessages("codex-2", 9, w.at)).totals.pending).toBe(1);
  });

  describe("the states", () => {
    /** CPU time by pid, one second more at each call where the process is `busy`. */
    const control = (cpu: Record<number, "still" | "busy">) => {
      let looks = 0;
      return {
        cpuSeconds: ({ pid }: ProcessEvidence) => {
          const how = cpu[pid];
          return how === undefined ? null : how === "busy" ? looks++ : 5;
        },
        signal: () => "refused" as const,
      };
    };

    test("distinguish the caller, the working, the stale, the hung and the dead", async () => {
      const w = await newFixture();
      for (const pid of [1, 2, 3, 4, 5, 6])
        await w.store.registerSession(agent("claude", pid), w.liveness());
      w.processes.set(4, "unknown").set(6, "gone");
      w.at += 20 * minute;
      const records = (await w.store.sessionsToRescue(w.liveness())).map(({ record }) => record);
      const cpu = control({ 1: "still", 2: "busy", 3: "still" });
      const states = await classify(records, "claude-1", 10 * minute, w.liveness(), cpu);
      expect(states).toEqual(["CURRENT", "IDLE", "HUNG", "STALE", "IDLE", "DEAD"]);
      // A session with a recent heartbeat is not hung.
      expect(await classify(records, null, 30 * minute, w.liveness(), cpu)).not.toContain("HUNG");
    });

    test("never call a session of a shared host hung, and one found by its terminal may be dead", async () => {
      const w = await newFixture();
      await w.store.registerSession(agent("claude", 2), w.liveness());
      await w.store.registerSession(agent("codex", 1, { shared_host: true }), w.liveness());
      w.processes.set(2, "gone");
      w.at += 20 * minute;
      const records = (await w.store.sessionsToRescue(w.liveness())).map(({ record }) => record);
      const states = await classify(records, "claude-2", 1, w.liveness(), control({ 1: "still" }));
      expect(states).toEqual(["DEAD", "IDLE"]);
    });
  });
});

describe("The command that resumes a conversation", () => {
  const record = (llm_vendor: string, session_uuid: string | null) =>
    agentKinds.resumeCommand({ llm_vendor, session_uuid });
  const random = "bc3c640c-3d3f-4411-b73b-ef44f6c3f018";
  const ordered = "01a1f886-3d3f-7411-b73b-ef44f6c3f018";

  test("is the vendor's own", () => {
    expect(record("claude", random)).toBe(`claude --resume ${random}`);
    expect(record("codex", ordered)).toBe(`codex resume ${ordered}`);
    expect(record("gemini", random)).toBe(`gemini --resume ${random}`);
    expect(record("kimi", `session_${random}`)).toBe(`kimi --session session_${random}`);
    expect(record("opencode", "ses_4f8a2b1c")).toBe("opencode --session ses_4f8a2b1c");
  });

  test("is unknown for other vendors, and for ids that the vendor does not give", () => {
    const others: [string, string | null][] = [
      ["aider", random],
      ["constructor", random],
      ["claude", null],
      ["claude", `${random}; touch /tmp/x`],
      ["claude", "--help"],
      ["codex", random],
      ["kimi", random],
      ["opencode", random],
    ];
    for (const [vendor, id] of others) expect(record(vendor, id)).toBeNull();
  });
});
