/** Stories of agents that die, stop and come back. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join as path } from "node:path";

import { Database } from "bun:sqlite";

import { type Run, sandbox } from "../../support";
import { onlyInFile } from "../../server";
import { startSession, texts } from "./agents";

/** `event session` of the last 20 lifecycle events, oldest first. */
const events = (run: Run): string[] =>
  run
    .json()
    .data.lifecycle.map((each: { event: string; session_id: string; reason: string | null }) =>
      [each.event, each.session_id, each.reason].filter((part) => part !== null).join(" "),
    )
    .toReversed();

test("the session of a killed agent is ended by the next command of any session, once", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  await claude.agent.kill("SIGKILL");
  const readers = [
    ["status", "--no-log"],
    ["message", claude.id, "are you there?"],
    ["inbox"],
    ["heartbeat"],
  ];
  await Promise.all(readers.map((verb) => codex.parley(...verb)));
  const { sessions, lifecycle } = (await codex.parley("status", "--no-log", "--json")).json().data;
  expect(sessions.map((each: { session_id: string }) => each.session_id)).toEqual([codex.id]);
  expect(lifecycle).toHaveLength(3);
  expect(lifecycle[0]).toMatchObject({
    event: "ended",
    session_id: claude.id,
    reason: "process exited",
  });
  const human = await s.parley(["status", "--lifecycle"]);
  expect(human.stdout).toMatch(
    new RegExp(`\nT?\\S+Z ended ${claude.id} \\(not set\\) \\(process exited\\)\n`),
  );
  expect((await s.parley(["status", "--stats"])).stdout).toContain(
    "Active sessions: 1\nTotal sessions: 2 (historical)\n",
  );
});

test("writing to a session whose process is gone queues the message", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  await claude.agent.kill();
  const run = await codex.parley("message", claude.id, "hello", "--json");
  expect(run.json().data).toMatchObject({
    queued: true,
    active_sessions: [{ session_id: codex.id }],
  });
  expect((await codex.parley("message", "--all", "hello")).stdout).toStartWith(
    "Broadcast sent to 0",
  );
});

test("no caller can act for a session whose process is gone, and its conflicts end", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude", { register: ["--session-uuid", "talk"] });
  const codex = await startSession(s, "codex");
  await codex.parley("message", claude.id, "hello");
  await claude.agent.kill();
  const env = { CLAUDE_CODE_SESSION_ID: "talk" };
  expect((await s.parley(["inbox", "--session", claude.id])).exitCode).toBe(7);
  expect((await s.parley(["inbox"], { env })).exitCode).toBe(7);
  const { alerts, sessions } = (await codex.parley("status", "--no-log", "--json")).json().data;
  expect([alerts, sessions.length]).toEqual([[], 1]);

  // Its messages wait for the session that continues the conversation.
  const next = await s.startAgent("claude", { cwd: s.home, env });
  const register = await next.run(["parley", "register", "--json"]);
  expect(register.json().data).toMatchObject({ created: true, unread: { total: 1 } });
  expect(texts(await next.run(["parley", "inbox", "--json"]))).toEqual(["hello"]);
});

test("a stopped agent is alive", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  await claude.agent.kill("SIGSTOP");
  try {
    const { sessions } = (await codex.parley("status", "--no-log", "--json")).json().data;
    expect(sessions[0]).toMatchObject({
      session_id: claude.id,
      process_state: "stopped",
      status: "active",
    });
    const human = (await codex.parley("status", "--no-log")).stdout;
    expect(human).toContain("- **Status:** active, process stopped\n");
    expect(human).toContain(`stopped: ${claude.id}`);
    expect((await codex.parley("message", claude.id, "hello", "--json")).json().data.queued).toBe(
      false,
    );
  } finally {
    await claude.agent.kill("SIGCONT");
  }
  expect(texts(await claude.parley("inbox", "--json"))).toEqual(["hello"]);
});

test("a session that ended is resumed by the same process, and by the same conversation elsewhere", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude", { env: { CLAUDE_CODE_SESSION_ID: "talk" } });
  const gone = await claude.parley("unregister", "--reason", "lunch");
  expect(gone.stdout).toBe(
    [
      `Session unregistered: ${claude.id}`,
      "Lifecycle: session_lifecycle/ended broadcast",
      "Released: 0 file locks, 0 task claims",
      "",
    ].join("\n"),
  );
  expect((await claude.parley("unregister")).exitCode).toBe(7);
  const back = await claude.parley("register");
  expect(back.stdout).toContain("Lifecycle: session_lifecycle/resumed broadcast\n");
  await claude.agent.kill();
  const other = await startSession(s, "claude", { env: { CLAUDE_CODE_SESSION_ID: "talk" } });
  const stranger = await startSession(s, "claude", { cwd: s.home });
  expect(events(await other.parley("status", "--lifecycle", "--json"))).toEqual([
    `started ${claude.id}`,
    `ended ${claude.id} lunch`,
    `resumed ${claude.id}`,
    `ended ${claude.id} process exited`,
    `resumed ${other.id}`,
    `started ${stranger.id}`,
  ]);
});

onlyInFile("a sign of life is answered with its time, and every command is one", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  expect((await claude.parley("heartbeat")).stdout).toMatch(
    new RegExp(`^Heartbeat: ${claude.id} at \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\n$`),
  );
  const database = new Database(s.db);
  database.run("pragma busy_timeout = 3000");
  const verbs = [
    ...[["heartbeat"], ["inbox"], ["status", "--stats"], ["status", "--unread"]],
    ...[
      ["status", "--no-log"],
      ["message", "operator", "x"],
      ["task", "H.1"],
      ["read", "--all"],
    ],
  ];
  for (const verb of verbs) {
    const long = "2026-01-01T00:00:00.000Z";
    database.run("update session_registry set heartbeat_at = ?", [long]);
    // An idle session whose process lives is never ended, however old its heartbeat is.
    const { sessions } = (await s.parley(["status", "--no-log", "--json"])).json().data;
    expect(sessions).toMatchObject([{ status: "idle", heartbeat_at: long }]);
    expect((await claude.parley(...verb)).exitCode).toBe(0);
    const row = database.query<{ heartbeat_at: string }, []>(
      "select heartbeat_at from session_registry",
    );
    expect([verb, row.get()!.heartbeat_at > long]).toEqual([verb, true]);
  }
  database.close();
});

test("all worktrees of one repository are one project", async () => {
  await using s = sandbox();
  const main = path(s.dir, "rollout");
  const worktree = path(s.dir, "elsewhere");
  const git = path(main, ".git");
  for (const directory of ["objects", "refs", "worktrees/elsewhere"]) {
    mkdirSync(path(git, directory), { recursive: true });
  }
  mkdirSync(path(worktree, "deep"), { recursive: true });
  writeFileSync(path(git, "HEAD"), "ref: refs/heads/main\n");
  writeFileSync(path(git, "worktrees/elsewhere/commondir"), "../..\n");
  writeFileSync(path(git, "worktrees/elsewhere/gitdir"), `${worktree}/.git\n`);
  writeFileSync(path(git, "worktrees/elsewhere/HEAD"), "ref: refs/heads/feature\n");
  writeFileSync(path(worktree, ".git"), `gitdir: ${git}/worktrees/elsewhere\n`);

  const claude = await startSession(s, "claude", { cwd: main });
  const codex = await s.startAgent("codex", { cwd: path(worktree, "deep") });
  const run = await codex.run(["parley", "register", "--json"]);
  expect(run.json().data).toMatchObject({
    session: { project_id: "rollout" },
    conflicts: [{ type: "project_conflict", session_id: claude.id, resource: "rollout" }],
  });
  // Said explicitly, it is another.
  const other = await codex.run(["parley", "register", "--project", "PILOT", "--json"]);
  expect(other.json().data).toMatchObject({ session: { project_id: "PILOT" }, conflicts: [] });
  const { alerts } = (await claude.parley("status", "--alerts", "--json")).json().data;
  expect(alerts).toEqual([]);
});
