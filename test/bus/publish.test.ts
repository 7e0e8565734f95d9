/** Channels, cursors, and the states of sent messages. */
import { expect, test } from "bun:test";

import type { PublishDraft } from "../../src/bus/message";
import { agent, contract, draft, everything, texts } from "./fixture";

const second = 1000;

const published = (
  channel: string,
  message: string,
  more: Partial<PublishDraft> = {},
): PublishDraft => ({
  sender_id: "claude-1",
  sender_session_uuid: null,
  channel,
  payload: { message },
  message_type: "published",
  priority: 1,
  project_id: null,
  task_id: null,
  ttl: null,
  ...more,
});

contract("Publishing", (newFixture) => {
  const onState = { channels: ["state"], directed: null, limit: 20 };

  test("the change counter counts the connection's own messages besides what others commit", async () => {
    const w = await newFixture();
    const before = await w.store.changeCount();
    await w.store.publishMessage(published("state", "x"), w.liveness());
    const after = await w.store.changeCount();
    expect(after).not.toBe(before);
    await w.store.newestId();
    expect(await w.store.changeCount()).toBe(after);
  });

  test("a published message is delivered when it is written, and lives as long as its channel says", async () => {
    const w = await newFixture();
    const lives: [string, number][] = [
      ["state", 60],
      ["file_conflict", 300],
      ["task_broadcast", 600],
      ["heartbeat", 30],
      ["anything_else", 300],
    ];
    for (const [channel, seconds] of lives) {
      const message = await w.store.publishMessage(published(channel, "x"), w.liveness());
      expect(message).toMatchObject({
        status: "delivered",
        recipient_id: null,
        ttl_seconds: seconds,
      });
    }
    expect(
      await w.store.publishMessage(published("state", "x", { ttl: 5 * second }), w.liveness()),
    ).toMatchObject({
      ttl_seconds: 5,
    });
  });

  test("a cursor brings every message of its channel once and in order, however small the pages", async () => {
    const w = await newFixture();
    for (let n = 0; n < 10; n++) {
      await w.store.publishMessage(published("state", `${n}`), w.liveness());
      await w.store.publishMessage(published("other", `${n}`), w.liveness());
    }
    const seen: unknown[] = [];
    for (let since = 0; ;) {
      const page = await w.store.messagesAfter({ ...onState, since, limit: 3 }, w.at);
      if (page.length === 0) break;
      seen.push(...texts(page));
      since = page.at(-1)?.id ?? 0;
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`));
  });

  test("a message past its time is not shown, also before it is purged", async () => {
    const w = await newFixture();
    await w.store.publishMessage(published("state", "old"), w.liveness());
    w.at += 60 * second;
    expect(await w.store.messagesAfter({ ...onState, since: 0 }, w.at)).toEqual([]);
    expect(await w.store.recentMessages(onState, w.at)).toEqual([]);
  });

  test("directed mail is on no channel for others, but in the feed", async () => {
    const w = await newFixture();
    await w.store.sendMessages(draft("claude-1", "codex-2", { channel: "state" }), w.liveness());
    expect(await w.store.messagesAfter({ ...onState, since: 0 }, w.at)).toEqual([]);
    const mine = { ...onState, directed: { to: "codex-2" } };
    expect(await w.store.messagesAfter({ ...mine, since: 0 }, w.at)).toHaveLength(1);
    expect(
      await w.store.messagesAfter({ ...mine, directed: { to: "kimi-3" }, since: 0 }, w.at),
    ).toEqual([]);
    expect(await w.store.recentMessages(everything(9), w.at)).toHaveLength(1);
  });

  test("the newest messages come oldest first", async () => {
    const w = await newFixture();
    for (let n = 0; n < 5; n++)
      await w.store.publishMessage(published("state", `${n}`), w.liveness());
    expect(texts(await w.store.recentMessages({ ...onState, limit: 2 }, w.at))).toEqual(["3", "4"]);
    expect(await w.store.newestId()).toBe(5);
  });

  test("the state of a message, and the first reply to it", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1), w.liveness());
    const [question] = await w.store.sendMessages(draft("claude-1", "codex-2"), w.liveness());
    const id = question?.id ?? 0;
    expect(await w.store.messageStates([id])).toEqual([{ id, status: "pending", reply: null }]);
    const [reply] = await w.store.sendMessages(
      draft("codex-2", "claude-1", { reply_to: id }),
      w.liveness(),
    );
    await w.store.sendMessages(draft("codex-2", "claude-1", { reply_to: id }), w.liveness());
    expect(await w.store.messageStates([id])).toEqual([
      { id, status: "read", reply: reply?.id ?? 0 },
    ]);
  });
});
