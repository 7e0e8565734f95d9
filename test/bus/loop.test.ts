/** Loops of messages between two sessions. */
import { expect, test } from "bun:test";

import { defaultSettings } from "../../src/bus/settings";
import {
  agent,
  registerAgents,
  contract,
  conversation,
  draft,
  hookActivity,
  type Fixture,
} from "./fixture";

const limit = 4;
const window = 60_000;

contract("A loop of messages", (newFixture) => {
  const begin = async (loop = { limit, window }): Promise<Fixture> => {
    const w = await newFixture({ ...defaultSettings, loop });
    return registerAgents(w, { claude: 1, codex: 2, kimi: 3 }, conversation);
  };
  const send = (w: Fixture, from: string, to: string) =>
    w.store.sendMessages(draft(from, to), w.liveness());
  /** Sends so many messages between the two, in turn. */
  const exchange = async (w: Fixture, count: number, one = "claude-1", other = "codex-2") => {
    for (let i = 0; i < count; i++) await (i % 2 === 0 ? send(w, one, other) : send(w, other, one));
  };
  const alerts = async (w: Fixture) =>
    (await w.store.alerts(20, w.at)).filter((each) => each.message_type === "message_loop");
  const recordActivity = (w: Fixture, vendor: string, pid: number, more = {}) =>
    w.store.recordActivity(hookActivity(vendor, vendor, pid, more), w.liveness());
  const mayWake = async (w: Fixture, session_id = "codex-2", sender_id = "claude-1") =>
    (await w.store.permitWake({ session_id, sender_id }, w.liveness()))?.kind;

  test("raises one alert that names both, and nothing is dropped", async () => {
    const w = await begin();
    await exchange(w, limit);
    expect(await alerts(w)).toEqual([]);
    await exchange(w, 3);
    expect(await alerts(w)).toMatchObject([
      { priority: 3, payload: { sessions: ["claude-1", "codex-2"] } },
    ]);
    const { by_channel } = await w.store.unread("codex-2", w.at);
    expect(by_channel).toEqual({ coordination: 4, operator_alert: 1 });
  });

  test("is seen by one of two who write at once", async () => {
    const w = await begin();
    await exchange(w, limit - 1);
    const other = await w.another();
    await Promise.all([
      send(w, "claude-1", "codex-2"),
      other.sendMessages(draft("codex-2", "claude-1"), w.liveness()),
    ]);
    expect(await alerts(w)).toHaveLength(1);
  });

  test("is looked for in what goes to several and in answers too", async () => {
    const w = await begin();
    await exchange(w, limit);
    const several = { recipients: { ids: ["kimi-3", "codex-2"] } };
    await w.store.sendMessages({ ...draft("claude-1", "codex-2"), ...several }, w.liveness());
    expect(await alerts(w)).toHaveLength(1);
  });

  test("keeps its pair apart whatever their ids are", async () => {
    const w = await begin();
    // In the order of bytes capitals come first, in that of a language they do not.
    const more = { session_id: "Zoe", session_uuid: "zoe" };
    await w.store.registerSession(agent("gemini", 4, more), w.liveness());
    await exchange(w, limit + 1, "Zoe", "codex-2");
    expect((await recordActivity(w, "codex", 2, { mail_from: 1 }))?.waiting).toBe(4);
    expect((await recordActivity(w, "codex", 2, { mail_from: 1, goes_on: true }))?.waiting).toBe(0);
  });

  test("is none where one writes and is never answered, nor between others, nor beyond the window", async () => {
    const w = await begin();
    for (let i = 0; i < 3 * limit; i++) await send(w, "claude-1", "codex-2");
    await exchange(w, limit, "claude-1", "kimi-3");
    await exchange(w, 3 * limit, "claude-1", "operator");
    expect(await alerts(w)).toEqual([]);
    const slow = await begin();
    for (let i = 0; i < 3 * limit; i++, slow.at += window / limit)
      await exchange(slow, 1, ...(i % 2 ? (["codex-2", "claude-1"] as const) : []));
    expect(await alerts(slow)).toEqual([]);
  });

  test("ends waking and going on for each other, not for others, and mid-turn mail stays", async () => {
    const w = await begin();
    await recordActivity(w, "codex", 2, { activity: "idle" });
    await exchange(w, limit + 1);
    expect(await mayWake(w)).toBe("loop");
    expect(await mayWake(w, "codex-2", "kimi-3")).toBe("go");
    expect((await recordActivity(w, "codex", 2, { mail_from: 2, goes_on: true }))?.waiting).toBe(0);
    expect((await recordActivity(w, "codex", 2, { mail_from: 2 }))?.waiting).toBe(4);
    await send(w, "kimi-3", "codex-2");
    expect((await recordActivity(w, "codex", 2, { mail_from: 2, goes_on: true }))?.waiting).toBe(1);
    const look = { mailbox: "codex-2", channel: null, limit: 20, peek: true, fresh_from: 2 };
    expect(
      (await w.store.openInbox({ ...look, unlooped: true }, w.liveness())).messages,
    ).toMatchObject([{ sender_id: "kimi-3" }]);
  });

  test("lasts beyond its window, and ends when a human prompts one of the two; a doorbell is no human", async () => {
    const w = await begin();
    await recordActivity(w, "codex", 2, { activity: "idle" });
    await exchange(w, limit + 1);
    w.at += 2 * window;
    await recordActivity(w, "claude", 1, { prompted_by: "wake" });
    expect(await mayWake(w)).toBe("loop");
    await recordActivity(w, "claude", 1, { prompted_by: "human" });
    expect(await mayWake(w)).toBe("go");
    expect(await alerts(w)).toEqual([]);
    expect((await w.store.session("claude-1"))?.prompted_at).toBe(new Date(w.at).toISOString());
  });

  test("counts from the last prompt on", async () => {
    const w = await begin();
    await exchange(w, limit);
    w.at += 1;
    await recordActivity(w, "codex", 2, { prompted_by: "human" });
    w.at += 1;
    await exchange(w, limit);
    expect(await alerts(w)).toEqual([]);
    await exchange(w, 1);
    expect(await alerts(w)).toHaveLength(1);
  });

  test("ends when the operator acknowledges the alert, not when a session does", async () => {
    const w = await begin();
    await recordActivity(w, "codex", 2, { activity: "idle" });
    await exchange(w, limit + 1);
    await w.store.acknowledge([(await alerts(w))[0]!.id], "claude-1", w.at);
    expect(await mayWake(w)).toBe("loop");
    await exchange(w, 2);
    expect(await alerts(w)).toEqual([]);
    await recordActivity(w, "claude", 1, { prompted_by: "human" });
    w.at += 1;
    await exchange(w, limit + 1);
    await w.store.acknowledge([(await alerts(w))[0]!.id], "operator", w.at);
    expect(await mayWake(w)).toBe("go");
    w.at += 1;
    await exchange(w, limit);
    expect(await alerts(w)).toEqual([]);
    await exchange(w, 1);
    expect(await alerts(w)).toHaveLength(1);
  });

  test("ends with a session", async () => {
    const w = await begin();
    await exchange(w, limit + 1);
    await w.store.endSession("claude-1", "done", w.liveness());
    expect(await alerts(w)).toEqual([]);
    await recordActivity(w, "codex", 2, { activity: "idle" });
    expect(await mayWake(w)).toBe("go");
  });

  test("is looked for nowhere with a limit of 0", async () => {
    const w = await begin({ limit: 0, window });
    await exchange(w, 50);
    expect(await alerts(w)).toEqual([]);
  });
});
