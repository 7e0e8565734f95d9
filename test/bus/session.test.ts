/** Registration, identity and liveness of sessions. */
import { expect, test } from "bun:test";

import type { Registration } from "../../src/bus/registration-target";
import { agent, contract, day, evidenceOf } from "./fixture";

const minute = 60_000;

contract("Sessions", (newFixture) => {
  test("a session's id is its vendor and pid", async () => {
    const { store, liveness } = await newFixture();
    const { record, created, event } = await store.registerSession(
      agent("codex", 41200),
      liveness(),
    );
    expect(record.session_id).toBe("codex-41200");
    expect({ created, event }).toEqual({ created: true, event: "started" });
  });

  test("registering again updates the one row and broadcasts nothing", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1, { task_id: "H.1" }), w.liveness());
    w.at += minute;
    const again = await w.store.registerSession(
      agent("claude", 1, { llm_model: "opus-4.6" }),
      w.liveness(),
    );
    expect(again).toMatchObject({ created: false, event: null });
    expect(again.record).toMatchObject({ llm_model: "opus-4.6", task_id: "H.1" });
    expect((await w.store.overview(w.liveness())).stats.total_sessions).toBe(1);
    expect(await w.store.lifecycle(20)).toHaveLength(1);
  });

  test("a live process keeps its session however old its heartbeat, and is shown idle", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1), w.liveness());
    w.at += 3 * day;
    const [record] = await w.store.liveSessions(w.liveness());
    expect(record && w.liveness().judge(record).status).toBe("idle");
  });

  test("a heartbeat exactly at the limit is active, one just past it is idle", async () => {
    const w = await newFixture();
    const { record } = await w.store.registerSession(agent("claude", 1), w.liveness());
    w.at += 5 * minute;
    expect(w.liveness().judge(record).status).toBe("active");
    w.at += 1;
    expect(w.liveness().judge(record).status).toBe("idle");
  });

  test("a stopped process is alive", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1), w.liveness());
    w.processes.set(1, "stopped");
    w.at += day;
    expect(await w.store.liveSessions(w.liveness())).toHaveLength(1);
  });

  test("a process that is gone ends its session once, whichever process notices", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1), w.liveness());
    w.processes.set(1, "gone");
    const other = await w.another();
    await Promise.all([w.store.liveSessions(w.liveness()), other.liveSessions(w.liveness())]);
    const ended = (await w.store.lifecycle(20)).filter((event) => event.event === "ended");
    expect(ended).toHaveLength(1);
    expect(ended[0]?.reason).toBe("process exited");
  });

  test("a session without process evidence ends when its heartbeat is too old", async () => {
    const w = await newFixture();
    await w.store.registerSession(
      agent("claude", 1, { evidence: null, liveness: "heartbeat" }),
      w.liveness(),
    );
    w.at += 5 * minute;
    expect(await w.store.liveSessions(w.liveness())).toHaveLength(1);
    w.at += 1;
    expect(await w.store.liveSessions(w.liveness())).toHaveLength(0);
    expect((await w.store.lifecycle(1))[0]?.reason).toBe("heartbeat expired");
  });

  test("a process that cannot be judged from here is stale after 5 minutes and ends after a day", async () => {
    const w = await newFixture();
    const { record } = await w.store.registerSession(agent("claude", 1), w.liveness());
    w.processes.set(1, "unknown");
    w.at += 6 * minute;
    expect(w.liveness().judge(record).status).toBe("stale");
    expect(await w.store.liveSessions(w.liveness())).toHaveLength(1);
    w.at += day;
    expect(await w.store.liveSessions(w.liveness())).toHaveLength(0);
  });

  test("where heartbeats were promised, silence ends a session that cannot be judged", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1, { promised_beats: true }), w.liveness());
    w.processes.set(1, "unknown");
    w.at += 6 * minute;
    expect(await w.store.liveSessions(w.liveness())).toHaveLength(0);
  });

  test("a session in a shared host ends 30 minutes after its last event, though the host lives", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("codex", 1, { shared_host: true }), w.liveness());
    w.at += 31 * minute;
    expect(await w.store.liveSessions(w.liveness())).toHaveLength(0);
  });

  test("a clock that was set back a day ends no session", async () => {
    const w = await newFixture();
    await w.store.registerSession(
      agent("claude", 1, { evidence: null, liveness: "heartbeat" }),
      w.liveness(),
    );
    w.at -= day;
    expect(await w.store.liveSessions(w.liveness())).toHaveLength(1);
  });

  test("a reused pid is another session that inherits neither task nor registration", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1, { task_id: "H.1" }), w.liveness());
    w.processes.set(1, "gone");
    const next = await w.store.registerSession(
      agent("claude", 1, { evidence: evidenceOf(1, "999"), session_uuid: "other" }),
      w.liveness(),
    );
    expect(next.record).toMatchObject({
      session_id: "claude-1",
      task_id: null,
      session_uuid: "other",
    });
    expect(next.event).toBe("started");
    expect((await w.store.lifecycle(9)).map((event) => event.event)).toEqual([
      "started",
      "ended",
      "started",
    ]);
  });

  test("an id that lives under other evidence gives the next one a suffix", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 7), w.liveness());
    const other = agent("claude", 7, {
      evidence: { ...evidenceOf(7), pid_namespace: "other" },
      session_uuid: "c",
    });
    expect((await w.store.registerSession(other, w.liveness())).record.session_id).toBe(
      "claude-7-2",
    );
    expect((await w.store.registerSession(other, w.liveness())).created).toBe(false);
    expect(await w.store.liveSessions(w.liveness())).toHaveLength(2);
  });

  test("another conversation in the same process takes over the row", async () => {
    const w = await newFixture();
    const known = { session_uuid_known: true };
    await w.store.registerSession(
      agent("claude", 1, { ...known, session_uuid: "a" }),
      w.liveness(),
    );
    const { record, created } = await w.store.registerSession(
      agent("claude", 1, { ...known, session_uuid: "b" }),
      w.liveness(),
    );
    expect({ created, uuid: record.session_uuid }).toEqual({ created: false, uuid: "b" });
  });

  test("another conversation in a shared host is another session", async () => {
    const w = await newFixture();
    const host = { session_uuid_known: true, shared_host: true };
    await w.store.registerSession(agent("codex", 1, { ...host, session_uuid: "a" }), w.liveness());
    const second = await w.store.registerSession(
      agent("codex", 1, { ...host, session_uuid: "b" }),
      w.liveness(),
    );
    const first = await w.store.registerSession(
      agent("codex", 1, { ...host, session_uuid: "a" }),
      w.liveness(),
    );
    expect(second.record.session_id).toBe("codex-1-2");
    expect(first.record.session_id).toBe("codex-1");
  });

  test("a conversation that comes back under another pid is resumed", async () => {
    const w = await newFixture();
    const conversation = { session_uuid_known: true, session_uuid: "c" };
    await w.store.registerSession(agent("claude", 1, conversation), w.liveness());
    await w.store.endSession("claude-1", "session ended normally", w.liveness());
    const { event } = await w.store.registerSession(agent("claude", 2, conversation), w.liveness());
    expect(event).toBe("resumed");
  });

  test("a name belongs to one active session at a time", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1, { name: "reviewer" }), w.liveness());
    const taken = w.store.registerSession(agent("codex", 2, { name: "reviewer" }), w.liveness());
    await expect(taken).rejects.toMatchObject({
      code: "conflict",
      details: { session_id: "claude-1" },
    });
    expect(await w.store.sessionsCalled("codex-2")).toEqual([]);
    w.processes.set(1, "gone");
    const next = await w.store.registerSession(
      agent("codex", 2, { name: "reviewer" }),
      w.liveness(),
    );
    expect(next.record.name).toBe("reviewer");
  });

  test("the nearest process above the caller tells its session, the conversation where several share it", async () => {
    const w = await newFixture();
    const host = { session_uuid_known: true, shared_host: true };
    await w.store.registerSession(agent("claude", 1), w.liveness());
    await w.store.registerSession(agent("codex", 2, { ...host, session_uuid: "a" }), w.liveness());
    await w.store.registerSession(agent("codex", 2, { ...host, session_uuid: "b" }), w.liveness());
    const find = async (ancestors: number[], conversation_ids: string[]) =>
      (
        await w.store.sessionsByEvidence(
          {
            session: null,
            ancestors: ancestors.map((pid) => evidenceOf(pid)),
            conversation_ids,
            tty: null,
          },
          "machine-1",
        )
      ).map((record) => record.session_id);
    expect(await find([99, 2, 1], ["b"])).toEqual(["codex-2-2"]);
    expect(await find([99, 1, 2], ["b"])).toEqual(["claude-1"]);
    expect(await find([99], ["a"])).toEqual(["codex-2"]);
    expect(await find([2], [])).toEqual(["codex-2", "codex-2-2"]);
    // Another conversation of the host is neither of these sessions, nor the one above the host.
    expect(await find([2, 1], ["c"])).toEqual([]);
    expect(await find([99], [])).toEqual([]);
  });

  test("a registration in a shared host that does not know its conversation takes over none of several", async () => {
    const w = await newFixture();
    const host = { session_uuid_known: true, shared_host: true };
    await w.store.registerSession(agent("codex", 2, { ...host, session_uuid: "a" }), w.liveness());
    await w.store.registerSession(agent("codex", 2, { ...host, session_uuid: "b" }), w.liveness());
    const unknown = agent("codex", 2, { shared_host: true, session_uuid: "made-up" });
    const registering = w.store.registerSession(unknown, w.liveness());
    await expect(registering).rejects.toMatchObject({ code: "invalid" });
    const live = await w.store.liveSessions(w.liveness());
    expect(live.map(({ session_uuid }) => session_uuid)).toEqual(["a", "b"]);
  });

  test("a session of a shared host that was silent too long returns as itself, not as another", async () => {
    const w = await newFixture();
    const host = { session_uuid_known: true, shared_host: true };
    const [a, b, c] = ["a", "b", "c"].map((uuid) =>
      agent("codex", 2, { ...host, session_uuid: uuid }),
    ) as [Registration, Registration, Registration];
    await w.store.registerSession(a, w.liveness());
    await w.store.registerSession(b, w.liveness());
    w.at += 31 * minute;
    expect(await w.store.liveSessions(w.liveness())).toEqual([]);
    const again = await w.store.registerSession(b, w.liveness());
    expect(again).toMatchObject({ event: "resumed", record: { session_id: "codex-2-2" } });
    const other = await w.store.registerSession(c, w.liveness());
    expect(other).toMatchObject({ event: "started", record: { session_uuid: "c" } });
  });

  test("only its own events refresh a session in a shared host", async () => {
    const w = await newFixture();
    const host = { session_uuid_known: true, shared_host: true };
    await w.store.registerSession(agent("codex", 2, { ...host, session_uuid: "a" }), w.liveness());
    await w.store.registerSession(agent("codex", 2, { ...host, session_uuid: "b" }), w.liveness());
    w.at += 20 * minute;
    await w.store.heartbeat("codex-2", w.liveness());
    w.at += 11 * minute;
    const live = await w.store.liveSessions(w.liveness());
    expect(live.map(({ session_id }) => session_id)).toEqual(["codex-2"]);
  });

  test("every command of one session notices the death of another", async () => {
    const w = await newFixture();
    await w.store.registerSession(agent("claude", 1), w.liveness());
    await w.store.registerSession(agent("codex", 2), w.liveness());
    w.processes.set(2, "gone");
    await w.store.heartbeat("claude-1", w.liveness());
    expect((await w.store.session("codex-2"))?.stored_status).toBe("terminated");
  });
});
