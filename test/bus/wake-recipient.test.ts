/** Which sessions may be woken, when, and the evidence of it. */
import { expect, test } from "bun:test";

import { agentKinds } from "../../src/agents/agents";
import { defaultSettings } from "../../src/bus/settings";
import { judgeSession } from "../../src/bus/liveness";
import {
  wakePrompt,
  isWakePrompt,
  type AgentWaker,
  reachabilityOf,
} from "../../src/bus/agent-wake";
import {
  agent,
  registerAgents,
  contract,
  conversation,
  draft,
  hookActivity,
  type Fixture,
} from "./fixture";

contract("Waking", (newFixture) => {
  const begin = async (): Promise<Fixture> =>
    registerAgents(await newFixture(), { claude: 1, codex: 2 }, conversation);
  const recordActivity = (w: Fixture, more = {}) =>
    w.store.recordActivity(hookActivity("codex", "codex", 2, more), w.liveness());
  const reserve = (w: Fixture) =>
    w.store.permitWake({ session_id: "codex-2", sender_id: "claude-1" }, w.liveness());
  const note = (
    w: Fixture,
    message_id: number,
    outcome: "accepted" | "failed",
    reason: string | null = null,
  ) =>
    w.store.recordWake(
      { message_id, session_id: "codex-2", way: "codex queue", outcome, reason },
      w.at,
    );

  test("is allowed for live sessions that are idle", async () => {
    const w = await begin();
    expect((await reserve(w))?.kind).toBe("working");
    for (const activity of ["working", "awaiting permission"] as const) {
      await recordActivity(w, { activity });
      expect((await reserve(w))?.kind).toBe(activity);
    }
    await recordActivity(w, { activity: "idle" });
    expect(await reserve(w)).toMatchObject({ kind: "go", record: { session_id: "codex-2" } });
    await w.store.endSession("codex-2", "done", w.liveness());
    expect(await reserve(w)).toBeNull();
  });

  test("is allowed once where several want it at once, and again after a turn, a failure or ten seconds", async () => {
    const w = await begin();
    await recordActivity(w, { activity: "idle" });
    w.at += 100;
    const other = await w.another();
    const both = await Promise.all([
      reserve(w),
      other.permitWake({ session_id: "codex-2", sender_id: "claude-1" }, w.liveness()),
    ]);
    expect(both.map((each) => each?.kind).toSorted()).toEqual(["already woken", "go"]);
    await note(w, 1, "failed", "no such thread");
    expect((await reserve(w))?.kind).toBe("go");
    w.at += 5000;
    expect((await reserve(w))?.kind).toBe("already woken");
    w.at += 5000;
    expect((await reserve(w))?.kind).toBe("go");
    w.at += 100;
    await recordActivity(w, { activity: "working" });
    await recordActivity(w, { activity: "idle" });
    expect((await reserve(w))?.kind).toBe("go");
  });

  test("keeps its evidence with the message, for the sender", async () => {
    const w = await begin();
    const [first] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    await note(w, first!.id, "failed", "no such thread");
    const { messages } = await w.store.sentMessages("claude-1", 10, w.at);
    expect(messages.map(({ wake }) => wake)).toEqual([
      null,
      {
        way: "codex queue",
        outcome: "failed",
        reason: "no such thread",
        at: new Date(w.at).toISOString(),
      },
    ]);
  });

  test("records when it last worked, by the events of hooks", async () => {
    const w = await begin();
    const [message] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    await recordActivity(w, { prompted_by: "wake", activity: "working" });
    await w.store.markDelivered("codex-2", [message!.id], "inbox", w.at);
    expect(await w.store.session("codex-2")).toMatchObject({
      woken_at: new Date(w.at).toISOString(),
      ...{ hooked_at: null, prompted_at: null },
    });
    const [second] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    w.at += 10;
    await w.store.markDelivered("codex-2", [second!.id], "hook Stop", w.at);
    expect((await w.store.session("codex-2"))?.hooked_at).toBe(new Date(w.at).toISOString());
  });

  test("keeps the facts that a hook reports until it reports others", async () => {
    const w = await begin();
    await recordActivity(w, { permission_mode: "plan", agent_home: "/home/you/.codex" });
    await recordActivity(w, { permission_mode: null });
    const told = { permission_mode: "plan", agent_home: "/home/you/.codex" };
    expect(await w.store.session("codex-2")).toMatchObject(told);
    await w.store.registerSession(agent("codex", 2, { session_uuid: "codex" }), w.liveness());
    await recordActivity(w, { permission_mode: "bypassPermissions" });
    expect(await w.store.session("codex-2")).toMatchObject({
      ...told,
      permission_mode: "bypassPermissions",
    });
  });

  test("is forecast by reachability, which follows activity, process and the user's preference", async () => {
    const w = await begin();
    const reach = (more: Partial<AgentWaker> = {}): AgentWaker => ({
      policy: () => "critical",
      methodFor: () => ({ by: "codex queue", held: false }),
      wake: async () => ({ way: "codex queue", outcome: "accepted", reason: null }),
      ...more,
    });
    const now = async (given = reach(), state: "running" | "stopped" | "unknown" = "running") => {
      const record = (await w.store.session("codex-2"))!;
      return reachabilityOf(
        record,
        judgeSession(
          record,
          () => state,
          w.at,
          defaultSettings,
          () => null,
        ),
        { agentWaker: given, agentKinds },
      ).now;
    };
    expect(await now()).toBe("none");
    await recordActivity(w, { activity: "working" });
    expect(await now()).toBe("turn");
    expect(await now(reach(), "stopped")).toBe("none");
    await recordActivity(w, { activity: "awaiting permission" });
    expect(await now()).toBe("prompt");
    await recordActivity(w, { activity: "idle" });
    expect(await now()).toBe("wake");
    expect(await now(reach({ policy: () => "never" }))).toBe("prompt");
    expect(await now(reach({ methodFor: () => null }))).toBe("prompt");
    expect(await now(reach({ methodFor: () => ({ by: "codex queue", held: true }) }))).toBe(
      "prompt",
    );
    expect(await now(reach(), "unknown")).toBe("prompt");
  });
});

test("our own wake prompt is recognised, also inside what a vendor puts around it", () => {
  const text = wakePrompt("codex-12");
  expect(isWakePrompt(text)).toBe(true);
  expect(isWakePrompt(`Another session sent a message:\n${text}\nThis is not your user.`)).toBe(
    true,
  );
  expect(isWakePrompt("wait for parley: a message from the bus")).toBe(false);
});
