/** Stories of Codex terminals at a shared process, which a stand-in for its daemon reports as loaded or left. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join as pathOf } from "node:path";

import { startDaemon } from "../../daemon";
import { onlyInFile } from "../../server";
import { type Agent, type Sandbox, sandbox } from "../../support";
import { type HookedAgent, hookedAgent, startSession } from "./agents";

const story = process.platform === "linux" ? onlyInFile : (name: string) => test.skip(name);

const startHost = (s: Sandbox): Promise<Agent> => s.startAgent("codex", { args: ["app-server"] });

/** A terminal of Codex at a shared process, as its hook reports it. */
async function terminal(s: Sandbox, host: Agent, home: string): Promise<HookedAgent> {
  const own = hookedAgent("codex", Bun.randomUUIDv7(), host, s.dir, { CODEX_HOME: home });
  await own.hook("SessionStart", { source: "startup" });
  return own;
}

/** Sets the last heartbeat of a session so many minutes back. */
function silent(s: Sandbox, { id }: HookedAgent, minutes: number): void {
  using database = new Database(s.db);
  const since = new Date(Date.now() - minutes * 60_000).toISOString();
  database.run("update session_registry set heartbeat_at = ? where session_id = ?", [since, id]);
}

/** A terminal that its daemon has loaded, with a lock taken by hand, and another session that wants the lock. */
async function scene(s: Sandbox) {
  const host = await startHost(s);
  const home = pathOf(s.home, ".codex");
  const daemon = startDaemon(home, host.pid);
  const holder = await terminal(s, host, home);
  daemon.threads.add(holder.uuid);
  const file = pathOf(s.dir, "a.txt");
  const locked = await s.parley(["lock", file, "--session", holder.id]);
  expect(locked.exitCode).toBe(0);
  const claude = await startSession(s, "claude", { cwd: s.home });
  const take = async () => (await claude.parley("lock", file, "--json")).json();
  return { home, daemon, holder, file, claude, take };
}

const activeSessions = async (s: Sandbox): Promise<string[]> => {
  const run = await s.parley(["status", "--no-log", "--json"]);
  return run.json().data.sessions.map((each: { session_id: string }) => each.session_id);
};

story(
  "a terminal of Codex that idles for hours keeps its lock while its daemon has it",
  async () => {
    await using s = sandbox();
    const { daemon, holder, claude, take } = await scene(s);
    using _ = daemon;
    silent(s, holder, 300);
    const { error } = await take();
    expect(error).toMatchObject({ code: "conflict", details: { holder: holder.id } });
    const { sessions } = (await claude.parley("status", "--no-log", "--json")).json().data;
    expect(sessions[0]).toMatchObject({ session_id: holder.id, status: "idle" });
    expect(daemon.asked).toBe(2);
  },
);

story(
  "one that its daemon has unloaded makes way, once nothing was heard of it for a while",
  async () => {
    await using s = sandbox();
    const { daemon, holder, claude, take } = await scene(s);
    using _ = daemon;
    daemon.threads.clear();
    expect((await take()).error).toMatchObject({ code: "conflict" });
    expect(daemon.asked).toBe(0);
    silent(s, holder, 6);
    expect((await take()).data.locks).toMatchObject([{ session_id: claude.id }]);
    const { lifecycle } = (await claude.parley("status", "--lifecycle", "--json")).json().data;
    const reason = "its shared host has unloaded it";
    expect(lifecycle[0]).toMatchObject({ event: "ended", session_id: holder.id, reason });
  },
);

story("an edit is refused for a terminal that idles, not for one that was left", async () => {
  await using s = sandbox();
  const { daemon, holder, file, claude } = await scene(s);
  using _ = daemon;
  const editor = hookedAgent("claude", crypto.randomUUID(), claude.agent, s.dir);
  const write = { tool_name: "Write", tool_input: { file_path: file, content: "x" } };
  const edit = async () => (await editor.hook("PreToolUse", write)).stdout;
  silent(s, holder, 40);
  expect(await edit()).toContain('"permissionDecision":"deny"');
  daemon.threads.clear();
  silent(s, holder, 40);
  expect(await edit()).not.toContain("deny");
});

story("a daemon that does not answer leaves the timer to judge", async () => {
  await using s = sandbox();
  const { daemon, holder, take } = await scene(s);
  using _ = daemon;
  daemon.mute = true;
  silent(s, holder, 29);
  expect((await take()).error).toMatchObject({ code: "conflict" });
  silent(s, holder, 31);
  expect((await take()).data.locks).toHaveLength(1);
  expect(daemon.asked).toBe(2);
});

story("the daemon of a home is not asked for the sessions of an editor's server", async () => {
  await using s = sandbox();
  const { daemon, home } = await scene(s);
  using _ = daemon;
  const editor = await terminal(s, await startHost(s), home);
  silent(s, editor, 29);
  expect(await activeSessions(s)).toContain(editor.id);
  silent(s, editor, 31);
  expect(await activeSessions(s)).not.toContain(editor.id);
  expect(daemon.asked).toBe(0);
});

story("each daemon is asked for its own terminals", async () => {
  await using s = sandbox();
  const { daemon, holder } = await scene(s);
  using _ = daemon;
  const home = pathOf(s.home, "second home");
  const host = await startHost(s);
  using other = startDaemon(home, host.pid);
  const loaded = await terminal(s, host, home);
  other.threads.add(loaded.uuid);
  daemon.threads.clear();
  for (const each of [holder, loaded]) silent(s, each, 40);
  const ids = await activeSessions(s);
  expect([ids.includes(loaded.id), ids.includes(holder.id)]).toEqual([true, false]);
  expect([daemon.asked, other.asked]).toEqual([1, 1]);
});
