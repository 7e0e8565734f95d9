/** Stories of sessions that register. */
import { expect, test } from "bun:test";
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join as path } from "node:path";

import { onlyInFile } from "../../server";
import { binary, sandbox } from "../../support";
import { startSession } from "./agents";

onlyInFile(
  "two agents of different vendors register, are told of each other and are seen by a third terminal",
  async () => {
    await using s = sandbox();
    const claude = await s.startAgent("claude");
    const codex = await s.startAgent("codex");
    const first = await claude.run([
      "parley",
      "register",
      "--task-id",
      "H.13.2",
      "--project",
      "PILOT",
    ]);
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(first.stdout).toBe(
      [
        `Session registered: claude-${claude.pid}`,
        "Vendor: claude",
        "Project: PILOT",
        "Task: H.13.2",
        `PID: ${claude.pid}`,
        "",
        "Lifecycle: session_lifecycle/started broadcast",
        "Conflicts: None detected",
        "Unread: 0 messages",
        "",
        "Bus: ~/.local/share/parley/messaging.db",
        "Run parley status to see all active sessions.",
        "",
      ].join("\n"),
    );

    const second = await codex.run([
      ...["parley", "register", "--model", "o3", "--project", "PILOT", "--task-id", "J.15.6"],
    ]);
    expect(second.stdout).toBe(
      [
        `Session registered: codex-${codex.pid}`,
        "Vendor: codex (o3)",
        "Project: PILOT",
        "Task: J.15.6",
        `PID: ${codex.pid}`,
        "",
        "Lifecycle: session_lifecycle/started broadcast",
        "",
        "CONFLICTS DETECTED:",
        `[CRITICAL] project_conflict: claude-${claude.pid} also on PILOT`,
        `[HIGH] cwd_overlap: claude-${claude.pid} in ${s.dir}`,
        "",
        "Run parley conflicts --full for details.",
        "",
        "Unread: 2 operator alerts",
        "Run parley status --alerts for details.",
        "",
        "Bus: ~/.local/share/parley/messaging.db",
        "",
      ].join("\n"),
    );

    const third = await s.parley(["status", "--no-log"]);
    expect(third.exitCode).toBe(0);
    expect(third.stdout).toContain(
      "\n2 active sessions | 0 file locks | 0 task claims | 2 alerts | 0 unread\n",
    );
    for (const line of [
      `**Session: claude-${claude.pid}**\n`,
      `**Session: codex-${codex.pid}**\n`,
      "- **Vendor:** codex (o3)",
      `- **CWD:** \`${s.dir}\``,
      "- **Task:** J.15.6",
      `- project_conflict (priority 3/critical): claude-${claude.pid} + codex-${codex.pid} both on PILOT`,
      "- All 2 PIDs confirmed alive via `/proc`",
    ]) {
      if (!line.includes("/proc") || process.platform === "linux")
        expect(third.stdout).toContain(line);
    }
    expect(third.stdout).not.toContain("THIS SESSION");
    const own = await codex.run(["parley", "status", "--no-log"]);
    expect(own.stdout).toContain(`**Session: codex-${codex.pid}** (THIS SESSION)\n`);
  },
);

test("registering again updates the same session and announces nothing", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude", {
    register: ["--task-id", "A.1", "--name", "boss", "--project", "PILOT", "--model", "opus-4.6"],
  });
  const again = (await claude.parley("register", "--task-id", "A.2", "--json")).json().data;
  expect(again).toMatchObject({ created: false, conflicts: [], liveness: "pid" });
  expect(again.session).toMatchObject({
    session_id: claude.id,
    task_id: "A.2",
    // A value that was given once stays where detection finds no other.
    name: "boss",
    project_id: "PILOT",
    llm_model: "opus-4.6",
  });
  const { lifecycle, stats } = (
    await claude.parley("status", "--lifecycle", "--stats", "--json")
  ).json().data;
  expect(lifecycle.map(({ event }: { event: string }) => event)).toEqual(["started"]);
  expect(stats).toMatchObject({ active_sessions: 1, total_sessions: 1 });
});

test("of two sessions that register at once at least one sees the other", async () => {
  await using s = sandbox();
  const agents = await Promise.all(
    ["claude", "codex", "gemini", "kimi"].map((each) => s.startAgent(each)),
  );
  const runs = await Promise.all(
    agents.map((agent) => agent.run(["parley", "register", "--json"])),
  );
  const seen = runs.map((run) => run.json().data.conflicts.length);
  // The nth session sees the n - 1 before it.
  expect(seen.toSorted()).toEqual([0, 1, 2, 3]);
  const { alerts } = (await s.parley(["status", "--alerts", "--json"])).json().data;
  expect(alerts).toHaveLength(1);
  expect(alerts[0].payload.sessions).toHaveLength(4);
});

onlyInFile(
  "without a database there is nothing to look at, and it says how to make one",
  async () => {
    await using s = sandbox();
    for (const verb of ["status", "inbox", "heartbeat", "unregister"]) {
      const human = await s.parley([verb]);
      expect(human).toMatchObject({ exitCode: 4, stdout: "" });
      expect(human.stderr).toContain(`Database not found: ${s.db}`);
      expect(human.stderr).toContain("hint: run parley register first");
      const json = await s.parley([verb, "--json"]);
      expect(json).toMatchObject({ exitCode: 4, stderr: "" });
      expect(json.json()).toMatchObject({
        ok: false,
        error: { code: "not_found", details: { database: s.db } },
      });
    }
    // Reading makes no database.
    expect(readdirSync(s.home)).toEqual([]);
  },
);

test("on an empty bus the dashboard says that no session is registered", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  await claude.parley("unregister");
  const { exitCode, stdout } = await s.parley(["status"]);
  expect(exitCode).toBe(0);
  expect(stdout).toBe(
    [
      "Cross-LLM Session Dashboard",
      "==================================================",
      "0 active sessions",
      "No LLM sessions are currently registered.",
      "Run parley register to register this session.",
      "",
    ].join("\n"),
  );
});

test("a caller that cannot be identified is asked which agent it is", async () => {
  await using s = sandbox();
  const run = await s.parley(["register"]);
  expect(run).toMatchObject({ exitCode: 64, stdout: "" });
  expect(run.stderr).toContain("pass --llm, for example --llm claude, or start");
});

test("the binary needs no other file", async () => {
  await using s = sandbox();
  const alone = path(s.dir, "alone");
  mkdirSync(alone);
  cpSync(binary, path(alone, "parley"));
  const claude = await s.startAgent("claude");
  const codex = await s.startAgent("codex", { cwd: s.home });
  const env = { PATH: "/usr/bin:/bin" };
  const run = (agent: typeof claude, ...args: string[]) =>
    agent.run([path(alone, "parley"), ...args, "--json"], { env });
  const { session } = (await run(claude, "register")).json().data;
  await run(codex, "register");
  await run(codex, "message", session.session_id, "hello");
  const { messages } = (await run(claude, "inbox")).json().data;
  expect(messages[0].payload).toEqual({ message: "hello", from: `codex-${codex.pid}` });
  expect((await run(claude, "status")).json().data.sessions).toHaveLength(2);
  expect(readdirSync(alone)).toEqual(["parley"]);
});
