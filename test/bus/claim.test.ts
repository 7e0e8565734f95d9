/** Task claims: acquiring, waiting, expiry and release. */
import { expect, test } from "bun:test";

import type { ClaimRequest } from "../../src/bus/claim";
import {
  agent,
  registerAgents,
  claimRequest,
  contract,
  everything,
  evidenceOf,
  type Fixture,
} from "./fixture";

const request = (session_id: string, more: Partial<ClaimRequest> = {}): ClaimRequest =>
  claimRequest(session_id, "H.13.7", more);

contract("Claims", (newFixture) => {
  const two = async (): Promise<Fixture> =>
    registerAgents(await newFixture(), { claude: 1, codex: 2 });

  test("of several who claim at once exactly one has it, and its fence grows with every owner", async () => {
    const w = await two();
    const other = await w.another();
    const attempts = await Promise.all([
      w.store.acquireClaim(request("claude-1"), w.liveness()),
      other.acquireClaim(request("codex-2"), w.liveness()),
    ]);
    const won = attempts.find((attempt) => attempt.kind === "got");
    expect(attempts.filter((attempt) => attempt.kind === "blocked")).toHaveLength(1);
    const claim = won?.kind === "got" ? won.got : null;
    await w.store.releaseClaims(claim?.session_id ?? "", null, w.liveness());
    const next = await w.store.acquireClaim(request("codex-2"), w.liveness());
    expect(next.kind === "got" && (next.got.fence ?? 0) > (claim?.fence ?? 0)).toBe(true);
  });

  test("claim and release are broadcast", async () => {
    const w = await two();
    await w.store.acquireClaim(request("claude-1"), w.liveness());
    await w.store.releaseClaims("claude-1", ["H.13.7"], w.liveness());
    const events = (await w.store.recentMessages(everything(20), w.at)).filter(
      (each) => each.channel === "task_broadcast",
    );
    expect(events.map((each) => each.payload["action"])).toEqual(["claim", "release"]);
  });

  test("task ids are exact: a claim on H.13 says nothing of H.13.7", async () => {
    const w = await two();
    await w.store.acquireClaim(request("claude-1", { task_id: "H.13" }), w.liveness());
    expect((await w.store.acquireClaim(request("codex-2"), w.liveness())).kind).toBe("got");
  });

  test("a refused claim raises a task conflict, which ends with the claim", async () => {
    const w = await two();
    await w.store.acquireClaim(request("claude-1"), w.liveness());
    await w.store.acquireClaim(request("codex-2"), w.liveness());
    expect((await w.store.overview(w.liveness())).alerts[0]).toMatchObject({
      message_type: "task_conflict",
      priority: 3,
      payload: { resource: "H.13.7", sessions: ["claude-1", "codex-2"] },
    });
    await w.store.releaseClaims("claude-1", ["H.13.7"], w.liveness());
    expect((await w.store.overview(w.liveness())).alerts).toEqual([]);
  });

  test("working on a task that another has claimed is a conflict", async () => {
    const w = await two();
    await w.store.acquireClaim(request("claude-1"), w.liveness());
    const { conflicts } = await w.store.setTask("codex-2", "H.13.7", w.liveness());
    expect(conflicts.map((each) => [each.type, each.session_id])).toEqual([
      ["task_conflict", "claude-1"],
    ]);
  });

  test("only the owner releases, a lease ends by itself, a dead owner's claim is free", async () => {
    const w = await two();
    await w.store.acquireClaim(request("claude-1", { ttl: 1000 }), w.liveness());
    await expect(w.store.releaseClaims("codex-2", ["H.13.7"], w.liveness())).rejects.toMatchObject({
      code: "conflict",
      details: { holder: "claude-1" },
    });
    w.at += 1000;
    expect((await w.store.acquireClaim(request("codex-2"), w.liveness())).kind).toBe("got");
    w.processes.set(2, "gone");
    expect((await w.store.acquireClaim(request("claude-1"), w.liveness())).kind).toBe("got");
  });

  test("who waits first is served first", async () => {
    const w = await two();
    await w.store.registerSession(agent("kimi", 3), w.liveness());
    await w.store.acquireClaim(request("claude-1"), w.liveness());
    const waiting = { process: evidenceOf(102), until: w.at + 1000 };
    const queued = await w.store.acquireClaim(request("codex-2", { waiting }), w.liveness());
    await w.store.releaseClaims("claude-1", null, w.liveness());
    expect((await w.store.acquireClaim(request("kimi-3"), w.liveness())).kind).toBe("blocked");
    const ticket = queued.kind === "blocked" ? queued.ticket : null;
    expect(
      (await w.store.acquireClaim(request("codex-2", { waiting, ticket }), w.liveness())).kind,
    ).toBe("got");
  });
});
