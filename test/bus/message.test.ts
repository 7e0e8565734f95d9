/** Delivery of messages: reservations, states, replies and expiry. */
import { expect, test } from "bun:test";

import { agent, contract, day, draft, texts } from "./fixture";

contract("Messages", (newFixture) => {
  const inbox = (mailbox: string, more = {}) => ({
    mailbox,
    channel: null,
    limit: 50,
    peek: false,
    ...more,
  });

  test("a directed message is pending, then delivered, then read, each with its time", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1), w.liveness());
    await w.store.registerSession(agent("codex", 2), w.liveness());
    const [message] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    expect(message).toMatchObject({ status: "pending", delivered_at: null, read_at: null });
    const ids = [message?.id ?? 0];
    expect(await w.store.markDelivered("codex-2", ids, "test", w.at + 1)).toEqual(ids);
    expect(await w.store.markRead("codex-2", ids, w.liveness())).toEqual(ids);
    const { messages, totals } = await w.store.sentMessages("claude-1", 10, w.at);
    expect(messages[0]).toMatchObject({
      status: "read",
      delivered_at: expect.any(String),
      read_at: expect.any(String),
    });
    expect(totals).toEqual({ pending: 0, delivered: 0, read: 1 });
  });

  test("the states only go forward", async () => {
    const w = await newFixture();
    const [message] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    const ids = [message?.id ?? 0];
    await w.store.markRead("codex-2", ids, w.liveness());
    expect(await w.store.markDelivered("codex-2", ids, "test", w.at)).toEqual([]);
    expect((await w.store.sentMessages("claude-1", 10, w.at)).messages[0]?.status).toBe("read");
  });

  test("a message waits for a session that registers later", async () => {
    const w = await newFixture();
    await w.store.sendMessages(draft("claude-1", "kimi-3"), w.liveness());
    w.at += day / 2;
    const { unread } = await w.store.registerSession(agent("kimi", 3), w.liveness());
    expect(unread).toEqual({ total: 1, by_channel: { coordination: 1 } });
  });

  test("unread mail follows its conversation; a reused id gets only what was sent after the end", async () => {
    const w = await newFixture();
    const conversation = { session_uuid: "c", session_uuid_known: true };
    await w.store.registerSession(agent("claude", 1, conversation), w.liveness());
    await w.store.sendMessages(
      draft("codex-2", "claude-1", { payload: { message: "before" } }),
      w.liveness(),
    );
    await w.store.endSession("claude-1", "session ended normally", w.liveness());
    await w.store.sendMessages(
      draft("codex-2", "claude-1", { payload: { message: "after" } }),
      w.liveness(),
    );
    const other = agent("claude", 1, {
      evidence: null,
      liveness: "heartbeat",
      session_uuid: "d",
      session_uuid_known: true,
    });
    await w.store.registerSession(other, w.liveness());
    expect(texts((await w.store.openInbox(inbox("claude-1"), w.liveness())).messages)).toEqual([
      "after",
    ]);
    const back = await w.store.registerSession(agent("claude", 9, conversation), w.liveness());
    expect(back.unread.total).toBe(1);
    const { messages } = await w.store.openInbox(inbox("claude-9"), w.liveness());
    expect(texts(messages)).toEqual(["before"]);
    await w.store.markRead("claude-9", [messages[0]?.id ?? 0], w.liveness());
    expect((await w.store.sentMessages("codex-2", 10, w.at)).totals).toEqual({
      pending: 1,
      delivered: 0,
      read: 1,
    });
  });

  test("two readers at once never both get a pending message", async () => {
    const w = await newFixture();
    for (let i = 0; i < 20; i++)
      await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    const other = await w.another();
    const pages = await Promise.all([
      w.store.openInbox(inbox("codex-2", { limit: 15 }), w.liveness()),
      other.openInbox(inbox("codex-2", { limit: 15 }), w.liveness()),
    ]);
    const ids = pages.flatMap((page) => page.messages.map((message) => message.id));
    expect(ids.length).toBe(20);
    expect(new Set(ids).size).toBe(20);
  });

  test("a reservation that is not kept runs out, and the message is pending still", async () => {
    const w = await newFixture();
    await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    await w.store.openInbox(inbox("codex-2"), w.liveness());
    expect((await w.store.openInbox(inbox("codex-2"), w.liveness())).messages).toEqual([]);
    w.at += 5000;
    const { messages } = await w.store.openInbox(inbox("codex-2"), w.liveness());
    expect(messages.map((message) => message.status)).toEqual(["pending"]);
  });

  test("looking does not reserve", async () => {
    const w = await newFixture();
    await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    await w.store.openInbox(inbox("codex-2", { peek: true }), w.liveness());
    expect((await w.store.openInbox(inbox("codex-2"), w.liveness())).messages).toHaveLength(1);
  });

  test("an inbox lists pending before delivered, then by priority, then by age, and counts the rest", async () => {
    const w = await newFixture();
    const say = (message: string, priority: number) =>
      w.store.sendMessages(
        draft("claude-1", "codex-2", { payload: { message }, priority }),
        w.liveness(),
      );
    const [seen] = await say("seen", 3);
    await w.store.markDelivered("codex-2", [seen?.id ?? 0], "test", w.at);
    await say("low", 0);
    await say("first high", 2);
    await say("critical", 3);
    await say("second high", 2);
    const page = await w.store.openInbox(inbox("codex-2", { limit: 4, peek: true }), w.liveness());
    expect(texts(page.messages)).toEqual(["critical", "first high", "second high", "low"]);
    expect(page.remaining).toBe(1);
    const all = await w.store.openInbox(inbox("codex-2"), w.liveness());
    expect(texts(all.messages).at(-1)).toBe("seen");
    expect(all.remaining).toBe(0);
  });

  test("a delivered message stays unread until it is read", async () => {
    const w = await newFixture();
    const [message] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    await w.store.markDelivered("codex-2", [message?.id ?? 0], "test", w.at);
    expect((await w.store.unread("codex-2", w.at)).total).toBe(1);
    await w.store.markRead("codex-2", null, w.liveness());
    expect((await w.store.unread("codex-2", w.at)).total).toBe(0);
  });

  test("nobody marks a message of another mailbox", async () => {
    const w = await newFixture();
    const [message] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    const ids = [message?.id ?? 0];
    await expect(w.store.markRead("kimi-3", ids, w.liveness())).rejects.toMatchObject({
      code: "not_found",
    });
    expect(await w.store.markDelivered("kimi-3", ids, "test", w.at)).toEqual([]);
    expect((await w.store.unread("codex-2", w.at)).total).toBe(1);
  });

  test("a broadcast writes one message for each active session but the sender", async () => {
    const w = await newFixture();
    for (const pid of [1, 2, 3]) await w.store.registerSession(agent("claude", pid), w.liveness());
    await w.store.registerSession(agent("codex", 4, { project_id: "P" }), w.liveness());
    await w.store.endSession("claude-3", "session ended normally", w.liveness());
    const all = { recipients: { all: true, project_id: null }, message_type: "broadcast" } as const;
    const sent = await w.store.sendMessages(draft("claude-1", "", all), w.liveness());
    expect(sent.map((message) => message.recipient_id)).toEqual(["claude-2", "codex-4"]);
    const ofProject = { ...all, recipients: { all: true, project_id: "P" } } as const;
    const some = await w.store.sendMessages(draft("claude-1", "", ofProject), w.liveness());
    expect(some.map((message) => message.recipient_id)).toEqual(["codex-4"]);
  });

  test("a reply marks its original read for the one who replies, and names it", async () => {
    const w = await newFixture();
    const [question] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    const reply_to = question?.id ?? 0;
    const [reply] = await w.store.sendMessages(
      draft("codex-2", "claude-1", { reply_to }),
      w.liveness(),
    );
    expect(reply?.reply_to).toBe(reply_to);
    expect((await w.store.sentMessages("claude-1", 10, w.at)).messages[0]?.status).toBe("read");
  });

  test("a stranger's reply does not mark the original, a reply to nothing sends nothing", async () => {
    const w = await newFixture();
    const [question] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    await w.store.sendMessages(
      draft("kimi-3", "claude-1", { reply_to: question?.id ?? 0 }),
      w.liveness(),
    );
    expect((await w.store.unread("codex-2", w.at)).total).toBe(1);
    const lost = w.store.sendMessages(
      draft("codex-2", "claude-1", { reply_to: 999 }),
      w.liveness(),
    );
    await expect(lost).rejects.toMatchObject({ code: "not_found" });
    expect((await w.store.unread("claude-1", w.at)).total).toBe(1);
  });

  test("a directed message lives a day, and is never shown after it", async () => {
    const w = await newFixture();
    await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    w.at += day - 1;
    expect((await w.store.unread("codex-2", w.at)).total).toBe(1);
    w.at += 1;
    expect((await w.store.unread("codex-2", w.at)).total).toBe(0);
    expect((await w.store.openInbox(inbox("codex-2"), w.liveness())).messages).toEqual([]);
  });

  test("any text and payload come back as they were sent", async () => {
    const w = await newFixture();
    const payload = {
      message: "…\n\"'\\ 𝄞 — \u0007 end",
      deep: { list: [1, null, "x"] },
      from: "claude-1",
    };
    await w.store.sendMessages(draft("claude-1", "codex-2", { payload }), w.liveness());
    const { messages } = await w.store.openInbox(inbox("codex-2"), w.liveness());
    expect(messages[0]?.payload).toEqual(payload);
  });

  test("messages of one sender are read in the order in which they were sent", async () => {
    const w = await newFixture();
    for (let i = 0; i < 30; i++) {
      await w.store.sendMessages(
        draft("claude-1", "codex-2", { payload: { message: i } }),
        w.liveness(),
      );
    }
    const { messages } = await w.store.openInbox(inbox("codex-2"), w.liveness());
    expect(texts(messages)).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });
});
