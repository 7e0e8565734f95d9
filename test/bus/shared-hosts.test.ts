/** Sessions in a shared host that is asked about them. */
import { expect, test } from "bun:test";

import type { Bus } from "../../src/bus/bus";
import { findCaller, livenessNow, requireSession } from "../../src/bus/caller";
import { cleanUp, overdue } from "../../src/bus/cleanup";
import { openDashboard } from "../../src/bus/status";
import { claim } from "../../src/bus/claim";
import { lock } from "../../src/bus/lock";
import type { SharedHosts } from "../../src/bus/shared-hosts";
import { register } from "../../src/bus/registration";
import { rescue } from "../../src/bus/rescue";
import { busOf } from "./ports";
import { agent, contract, type Fixture } from "./fixture";

const minute = 60_000;
const daemon = { shared_host: true, session_uuid_known: true };

/** The bus with a host that gives one answer, and the sessions that it was asked about. */
interface AskedHost {
  bus: Bus;
  asked: string[][];
}

/** `codex-1` with a lock and a claim, silent in a shared host that answers after `first`; and the bus as `claude-2` sees it. */
async function silentFor(
  w: Fixture,
  silence: number,
  answer: boolean | "none",
  first: () => Promise<unknown> = async () => {},
): Promise<AskedHost> {
  await w.store.registerSession(agent("codex", 1, daemon), w.liveness());
  const holder = busOf(w, "/", { PARLEY_SESSION: "codex-1" });
  const session = await requireSession(holder);
  await lock(holder, session, ["res:port/3000"], byHand);
  await claim(holder, session, "T.1", { ttl: null, wait: null });
  w.at += silence;
  const asked: string[][] = [];
  const hosts: SharedHosts = {
    canAnswer: ({ llm_vendor }) => llm_vendor === "codex",
    async ask(records) {
      asked.push(records.map(({ session_id }) => session_id));
      await first();
      return new Map(
        answer === "none" ? [] : records.map(({ session_id }) => [session_id, answer]),
      );
    },
  };
  const bus = busOf(w, "/", { PARLEY_SESSION: "claude-2" }, { sharedHosts: hosts });
  await w.store.registerSession(agent("claude", 2), livenessNow(bus));
  return { bus, asked };
}

const byHand = { wait: null, lockType: "exclusive", ttl: null, force: false } as const;
const take = async (bus: Bus, wait: number | null = null) =>
  lock(bus, await requireSession(bus), ["res:port/3000"], { ...byHand, wait });
const claimIt = async (bus: Bus) =>
  claim(bus, await requireSession(bus), "T.1", { ttl: null, wait: null });
const ended = async (w: Fixture) => {
  const record = (await w.store.session("codex-1"))!;
  return record.stored_status === "terminated" ? record.end_reason : null;
};

contract("A session in a host that can be asked", (newFixture) => {
  test("keeps its locks and claims, however long it is silent, where the host still has it", async () => {
    const w = await newFixture();
    const { bus, asked } = await silentFor(w, 40 * minute, true);
    await expect(take(bus)).rejects.toMatchObject({ code: "conflict" });
    await expect(claimIt(bus)).rejects.toMatchObject({ code: "conflict" });
    expect(asked).toEqual([["codex-1"], ["codex-1"]]);
    const { dashboard } = await openDashboard(bus, await findCaller(bus, true));
    expect(dashboard.sessions).toMatchObject([
      { session_id: "codex-1", status: "idle", file_locks: ["res:port/3000"] },
      { session_id: "claude-2" },
    ]);
    expect(await ended(w)).toBeNull();
  });

  test("is not ended by a process that has not asked the host", async () => {
    const w = await newFixture();
    const { bus, asked } = await silentFor(w, 40 * minute, false);
    expect(await w.store.liveSessions(livenessNow(bus))).toHaveLength(2);
    await w.store.heartbeat("claude-2", livenessNow(bus));
    await lock(bus, await requireSession(bus), ["res:port/4000"], byHand);
    expect([asked, await ended(w)]).toEqual([[], null]);
  });

  test("frees its lock at once where the host has it no more", async () => {
    const w = await newFixture();
    const { bus } = await silentFor(w, 6 * minute, false);
    expect((await take(bus)).result.locks).toMatchObject([{ session_id: "claude-2" }]);
    expect(await ended(w)).toBe("its shared host has unloaded it");
    expect(await w.store.alerts(9, w.at)).toEqual([]);
    expect((await claimIt(bus)).claim).toMatchObject({ session_id: "claude-2" });
  });

  test("frees its lock for a session that waits already", async () => {
    const w = await newFixture();
    let there = true;
    const { bus } = await silentFor(w, 6 * minute, true);
    const hosts: SharedHosts = {
      ...bus.sharedHosts,
      ask: async (records) => new Map(records.map(({ session_id }) => [session_id, there])),
    };
    const waiting = take({ ...bus, sharedHosts: hosts, clock: { now: () => w.at } }, 5000);
    there = false;
    expect((await waiting).result.locks).toMatchObject([{ session_id: "claude-2" }]);
  });

  test("is not asked about before it has been silent for five minutes", async () => {
    const w = await newFixture();
    const { bus, asked } = await silentFor(w, 4 * minute, false);
    await expect(take(bus)).rejects.toMatchObject({ code: "conflict" });
    await openDashboard(bus, await findCaller(bus, true));
    expect([asked, await ended(w)]).toEqual([[], null]);
  });

  test("ends by the timer where the host gives no answer", async () => {
    const w = await newFixture();
    const { bus } = await silentFor(w, 29 * minute, "none");
    await expect(take(bus)).rejects.toMatchObject({ code: "conflict" });
    w.at += 2 * minute;
    expect((await take(bus)).result.locks).toMatchObject([{ session_id: "claude-2" }]);
    expect(await ended(w)).toBe("no event in its shared host");
  });

  test("lives where it sent a heartbeat while its host was asked", async () => {
    const w = await newFixture();
    const { bus } = await silentFor(w, 40 * minute, false, () =>
      w.store.heartbeat("codex-1", w.liveness()),
    );
    await expect(take(bus)).rejects.toMatchObject({ code: "conflict" });
    expect(await ended(w)).toBeNull();
  });

  test("is left out of the dashboard where the host has it no more", async () => {
    const w = await newFixture();
    const { bus } = await silentFor(w, 6 * minute, false);
    const { dashboard } = await openDashboard(bus, await findCaller(bus, true));
    expect(dashboard.sessions.map(({ session_id }) => session_id)).toEqual(["claude-2"]);
    expect(dashboard.stats.file_locks).toBe(0);
  });

  test("is dead for a rescue, which ends it only where it may", async () => {
    const w = await newFixture();
    const { bus } = await silentFor(w, 6 * minute, false);
    const request = {
      ...{ named: [], force: false, hungAfter: 10 * minute },
      ...{ files: null, kill: false, confirm: async () => false },
    };
    const only = await rescue(bus, await findCaller(bus, true), { ...request, statusOnly: true });
    const dead = { session_id: "codex-1", state: "DEAD" };
    expect(only.result.sessions[0]).toMatchObject({ ...dead, released: false });
    expect(await ended(w)).toBeNull();
    const done = await rescue(bus, await findCaller(bus, true), { ...request, statusOnly: false });
    expect(done.result).toMatchObject({
      sessions: [{ ...dead, released: true }, { session_id: "claude-2" }],
      released: { locks: 1, claims: 1 },
    });
    expect(await ended(w)).toBe("its shared host has unloaded it");
  });

  test("is cleaned up with what it holds, as the dry run counted", async () => {
    const w = await newFixture();
    const { bus } = await silentFor(w, 6 * minute, false);
    expect((await overdue(bus)).removed).toMatchObject({ locks: 1, claims: 1 });
    expect(await ended(w)).toBeNull();
    const { result } = await cleanUp(bus, { vacuum: false });
    expect(result.removed).toMatchObject({ locks: 1, claims: 1 });
    expect(await ended(w)).toBe("its shared host has unloaded it");
  });

  test("leaves its name to another session once its host has it no more", async () => {
    const w = await newFixture();
    let there = true;
    const { bus } = await silentFor(w, 6 * minute, true);
    await w.store.registerSession(agent("codex", 1, { ...daemon, name: "reviewer" }), w.liveness());
    w.at += 6 * minute;
    const hosts: SharedHosts = {
      ...bus.sharedHosts,
      ask: async (records) => new Map(records.map(({ session_id }) => [session_id, there])),
    };
    const request = { vendor: "kimi", name: "reviewer", sessionId: "kimi-3", pid: process.pid };
    const joining = () => register({ ...bus, sharedHosts: hosts }, request);
    await expect(joining()).rejects.toMatchObject({ code: "conflict" });
    there = false;
    expect((await joining()).session).toMatchObject({ session_id: "kimi-3", name: "reviewer" });
  });

  test("is no conflict of a new session once its host has it no more", async () => {
    const w = await newFixture();
    const { bus, asked } = await silentFor(w, 6 * minute, false);
    await w.store.registerSession(
      agent("codex", 1, { ...daemon, project_id: "atlas" }),
      w.liveness(),
    );
    w.at += 6 * minute;
    const request = { vendor: "kimi", project: "atlas", sessionId: "kimi-3", pid: process.pid };
    const { conflicts } = await register(bus, request);
    expect([conflicts, asked]).toEqual([[], [["codex-1"]]]);
    expect(await w.store.alerts(9, w.at)).toEqual([]);
  });
});
