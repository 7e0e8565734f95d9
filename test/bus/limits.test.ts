/** Limits of unread messages in a mailbox, and of what a session holds. */
import { expect, test } from "bun:test";

import { defaultSettings } from "../../src/bus/settings";
import { agent, claimRequest, contract, draft, lockRequest, texts, type Fixture } from "./fixture";

const limited = { ...defaultSettings, maxUnread: 3, maxHeld: 3 };

contract("What is bounded", (newFixture) => {
  const register = async (w: Fixture): Promise<string[]> => {
    const ids: string[] = [];
    for (const [index, vendor] of ["claude", "codex"].entries())
      ids.push(
        (await w.store.registerSession(agent(vendor, index + 1), w.liveness())).record.session_id,
      );
    return ids;
  };
  const full = { code: "not_permitted", details: { limit: 3 } };

  test("a mailbox takes so much unread mail, then refuses with a word, until its owner reads", async () => {
    const w = await newFixture(limited);
    const [claude = "", codex = ""] = await register(w);
    const send = (text: string) =>
      w.store.sendMessages(draft(claude, codex, { payload: { message: text } }), w.liveness());
    for (const text of ["1", "2", "3"]) await send(text);
    await expect(send("4")).rejects.toMatchObject({
      ...full,
      message: expect.stringContaining(`mailbox of ${codex} is full`),
    });
    const open = () =>
      w.store.openInbox({ mailbox: codex, channel: null, limit: 10, peek: true }, w.liveness());
    expect(texts((await open()).messages)).toEqual(["1", "2", "3"]);
    await w.store.markRead(codex, null, w.liveness());
    await send("5");
    expect(texts((await open()).messages)).toEqual(["5"]);
  });

  test("a message to all goes to all or, where one mailbox is full, to nobody", async () => {
    const w = await newFixture(limited);
    const [claude = "", codex = ""] = await register(w);
    await w.store.registerSession(agent("gemini", 3), w.liveness());
    for (let n = 0; n < 3; n++) await w.store.sendMessages(draft(claude, codex), w.liveness());
    const all = draft(claude, "", { recipients: { all: true, project_id: null } });
    await expect(w.store.sendMessages(all, w.liveness())).rejects.toMatchObject(full);
    expect((await w.store.unread("gemini-3", w.at)).total).toBe(0);
  });

  test("a session holds so many locks and claims, and keeps those it has", async () => {
    const w = await newFixture(limited);
    const [claude = ""] = await register(w);
    const lock = (...names: string[]) =>
      w.store.acquireLocks(
        lockRequest(
          claude,
          names.map((name) => `/${name}`),
        ),
        w.liveness(),
      );
    const claim = (task_id: string) =>
      w.store.acquireClaim(claimRequest(claude, task_id), w.liveness());
    await lock("a", "b");
    await expect(lock("c", "d")).rejects.toMatchObject(full);
    await lock("c");
    // Renewing a lock adds none.
    await lock("a", "b", "c");
    for (const task of ["1", "2", "3", "3"]) await claim(task);
    await expect(claim("4")).rejects.toMatchObject(full);
    const { file_locks, claimed_tasks } = await w.store.holdings(claude, w.at);
    expect(file_locks).toEqual(["/a", "/b", "/c"]);
    expect(claimed_tasks.map((each) => each.task_id)).toEqual(["1", "2", "3"]);
  });
});
