import { expect, test } from "bun:test";

import { defaultSettings } from "../../src/bus/settings";
import { judgeSession } from "../../src/bus/liveness";
import { doorbellText, isDoorbell, type Reach, reachabilityOf } from "../../src/bus/reach";
import { agent, arrive, contract, conversation, draft, visit, type World } from "./world";

contract("Waking", (newWorld) => {
  const begin = async (): Promise<World> =>
    arrive(await newWorld(), { claude: 1, codex: 2 }, conversation);
  const attend = (w: World, more = {}) =>
    w.store.attend(visit("codex", "codex", 2, more), w.moment());
  const reserve = (w: World) =>
    w.store.reserveWake({ session_id: "codex-2", sender_id: "claude-1" }, w.moment());
  const note = (
    w: World,
    message_id: number,
    outcome: "accepted" | "failed",
    reason: string | null = null,
  ) =>
    w.store.noteWake(
      { message_id, session_id: "codex-2", way: "codex queue", outcome, reason },
      w.at,
    );

  test("is for live sessions that idle", async () => {
    const w = await begin();
    expect((await reserve(w))?.kind).toBe("working");
    for (const activity of ["working", "awaiting permission"] as const) {
      await attend(w, { activity });
      expect((await reserve(w))?.kind).toBe(activity);
    }
    await attend(w, { activity: "idle" });
    expect(await reserve(w)).toMatchObject({ kind: "go", record: { session_id: "codex-2" } });
    await w.store.endSession("codex-2", "done", w.moment());
    expect(await reserve(w)).toBeNull();
  });

  test("of several who want it at once rings once, and again after a turn, a failure or ten seconds", async () => {
    const w = await begin();
    await attend(w, { activity: "idle" });
    w.at += 100;
    const other = await w.another();
    const both = await Promise.all([
      reserve(w),
      other.reserveWake({ session_id: "codex-2", sender_id: "claude-1" }, w.moment()),
    ]);
    expect(both.map((each) => each?.kind).toSorted()).toEqual(["go", "rung"]);
    await note(w, 1, "failed", "no such thread");
    expect((await reserve(w))?.kind).toBe("go");
    w.at += 5000;
    expect((await reserve(w))?.kind).toBe("rung");
    w.at += 5000;
    expect((await reserve(w))?.kind).toBe("go");
    w.at += 100;
    await attend(w, { activity: "working" });
    await attend(w, { activity: "idle" });
    expect((await reserve(w))?.kind).toBe("go");
  });

  test("leaves its evidence with the message, for its sender", async () => {
    const w = await begin();
    const [first] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.moment());
    await w.store.sendMessages(draft("claude-1", "codex-2"), w.moment());
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

  test("knows when it last worked by what the hooks have seen", async () => {
    const w = await begin();
    const [message] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.moment());
    await attend(w, { prompted_by: "doorbell", activity: "working" });
    await w.store.markDelivered("codex-2", [message!.id], "inbox", w.at);
    expect(await w.store.session("codex-2")).toMatchObject({
      woken_at: new Date(w.at).toISOString(),
      ...{ hooked_at: null, prompted_at: null },
    });
    const [second] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.moment());
    w.at += 10;
    await w.store.markDelivered("codex-2", [second!.id], "hook Stop", w.at);
    expect((await w.store.session("codex-2"))?.hooked_at).toBe(new Date(w.at).toISOString());
  });

  test("keeps what a hook tells of the agent until it tells something else", async () => {
    const w = await begin();
    await attend(w, { permission_mode: "plan", agent_home: "/home/you/.codex" });
    await attend(w, { permission_mode: null });
    const told = { permission_mode: "plan", agent_home: "/home/you/.codex" };
    expect(await w.store.session("codex-2")).toMatchObject(told);
    await w.store.registerSession(agent("codex", 2, { session_uuid: "codex" }), w.moment());
    await attend(w, { permission_mode: "bypassPermissions" });
    expect(await w.store.session("codex-2")).toMatchObject({
      ...told,
      permission_mode: "bypassPermissions",
    });
  });

  test("is announced by what it finds: reachability follows activity, process and the user's wish", async () => {
    const w = await begin();
    const reach = (more: Partial<Reach> = {}): Reach => ({
      policy: () => "critical",
      wayTo: () => ({ by: "codex queue", held: false }),
      ring: async () => ({ way: "codex queue", outcome: "accepted", reason: null }),
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
        given,
      ).now;
    };
    expect(await now()).toBe("none");
    await attend(w, { activity: "working" });
    expect(await now()).toBe("turn");
    expect(await now(reach(), "stopped")).toBe("none");
    await attend(w, { activity: "awaiting permission" });
    expect(await now()).toBe("prompt");
    await attend(w, { activity: "idle" });
    expect(await now()).toBe("wake");
    expect(await now(reach({ policy: () => "never" }))).toBe("prompt");
    expect(await now(reach({ wayTo: () => null }))).toBe("prompt");
    expect(await now(reach({ wayTo: () => ({ by: "codex queue", held: true }) }))).toBe("prompt");
    expect(await now(reach(), "unknown")).toBe("prompt");
  });
});

test("our own doorbell is known again, also inside what a vendor puts around it", () => {
  const text = doorbellText("codex-12");
  expect(isDoorbell(text)).toBe(true);
  expect(isDoorbell(`Another session sent a message:\n${text}\nThis is not your user.`)).toBe(true);
  expect(isDoorbell("wait for parley: a message from the bus")).toBe(false);
});
