/** Stories of the session log. */
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join as path } from "node:path";

import { type Run, sandbox } from "../../support";
import { startSession } from "./agents";

const today = () => new Date().toISOString().slice(0, 10);

const headings = (file: string): string[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("### "));

test("the dashboard that was shown stands in the log of the project, whole", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude", {
    register: ["--project", "PILOT", "--model", "opus-4.6"],
  });
  const codex = await startSession(s, "codex", {
    register: ["--project", "PILOT", "--model", "o3"],
  });
  const run = await claude.parley("status", "--json");
  const { log, sessions } = run.json().data;
  const [me] = sessions;
  const logs = path(dirname(s.db), "session-logs/projects/PILOT", me.machine_uuid);
  expect(log.path).toBe(path(logs, `SESSION-LOG-${today()}.md`));
  const text = readFileSync(log.path, "utf8");
  expect(text).toBe(`# Session log — PILOT — ${today()}\n\n${log.entry}`);
  for (const part of [
    /^### \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ - \[H\.0\] Cross-LLM Session Dashboard Status\n\n\*\*Author:\*\* Claude \(Opus 4\.6\)\n\nInter-Session Message Bus queried for active session status\.\n\n\*\*Cross-LLM Session Dashboard:\*\*\n/,
    `**Session: ${claude.id}** (THIS SESSION)\n- **Session UUID:** \`${me.session_uuid}\`\n- **Machine UUID:** \`${me.machine_uuid}\`\n`,
    `**Session: ${codex.id}**\n`,
    `- **CWD:** \`${s.dir}\`\n`,
    `\n**Operator Alerts (ADR-173):**\n- project_conflict (priority 3/critical): ${claude.id} + ${codex.id} on PILOT\n`,
    "\n**Session Lifecycle (ADR-173, last 10):**\n- ",
    "\n**Bus Statistics:**\n- Active sessions: 2 / 2 historical\n",
    "\n**Observations:**\n- ",
  ]) {
    expect(log.entry).toMatch(part);
  }
  // The human one says where it went.
  const human = await codex.parley("status");
  expect(human.stdout).toEndWith(`==\nSession log entry appended: SESSION-LOG-${today()}.md\n`);
  expect(headings(log.path)).toHaveLength(2);
  expect(readFileSync(log.path, "utf8")).toStartWith(text);
  expect(readFileSync(log.path, "utf8")).toContain("**Author:** Codex (o3)\n");
});

test("only the dashboard is logged, and not with --no-log", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const quiet = await claude.parley("status", "--no-log", "--json");
  expect(quiet.json().data.log).toBeNull();
  expect((await claude.parley("status", "--no-log")).stdout).toEndWith("==\n");
  await claude.parley("status", "--stats", "--alerts", "--lifecycle");
  const { data } = (await claude.parley("log", "--view", "--json")).json();
  expect(data.entry).toBeNull();
  expect((await claude.parley("log", "--view")).stdout).toStartWith("No session log: ~/");
});

test("an entry in words has a heading, a kind and an author, and the rest of it is quoted", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude", { register: ["--model", "opus-4.6"] });
  const run = await claude.agent.run(["parley", "log", "--fix", "-", "--json"], {
    input: "the race in cleanup\n\nIt held two locks.\n",
  });
  expect(run.json().data.entry).toMatch(
    /^### \S+Z - \[FIX\] the race in cleanup\n\n\*\*Author:\*\* Claude \(Opus 4\.6\)\n\n> It held two locks\.\n$/,
  );
  expect((await claude.parley("log", "deployed it", "--deployed")).stdout).toBe(
    `Session log entry appended: SESSION-LOG-${today()}.md\n`,
  );
  const view = await claude.parley("log", "--view", "--date", today());
  expect(view.stdout).toContain("- [FIX] the race in cleanup\n");
  expect(view.stdout).toContain("- [DEPLOYED] deployed it\n");
});

test("a caller without a session logs as the operator, into the log of its directory's project", async () => {
  await using s = sandbox();
  const repository = path(s.dir, "rollout");
  for (const each of ["objects", "refs"])
    mkdirSync(path(repository, ".git", each), { recursive: true });
  writeFileSync(path(repository, ".git/HEAD"), "ref: refs/heads/main\n");
  // Also where there is no bus.
  const run = await s.parley(["log", "rebooted", "--json"], { cwd: repository });
  expect(run.json().data.entry).toContain("**Author:** Operator\n");
  expect(run.json().data.path).toContain("/session-logs/projects/rollout/");
  const claude = await startSession(s, "claude", { cwd: repository });
  const own = await claude.parley("log", "--view", "--json");
  expect(own.json().data).toEqual({
    path: run.json().data.path,
    entry: expect.stringContaining("rebooted"),
  });
});

test("many processes at once append to a new log, and nothing is lost", async () => {
  await using s = sandbox();
  const sessions = await Promise.all(["claude", "codex"].map((vendor) => startSession(s, vendor)));
  const runs = await Promise.all(
    Array.from({ length: 6 }, (_, i) => i).flatMap((i) =>
      sessions.map((session) =>
        i % 2 === 0
          ? session.parley("status", "--json")
          : session.parley("log", `${session.id} ${i}`, "--json"),
      ),
    ),
  );
  const answers = runs.map((run: Run) => run.json().data.log ?? run.json().data);
  const [file] = new Set(answers.map((each) => each.path));
  const text = readFileSync(file, "utf8");
  for (const { entry } of answers) expect(text).toContain(`\n${entry.trimEnd()}\n`);
  expect(headings(file)).toHaveLength(12);
  expect(text.match(/^# Session log/gm)).toHaveLength(1);
});

test("a log that cannot be written costs a warning, not the dashboard", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  writeFileSync(path(s.dir, "file"), "");
  const env = { PARLEY_LOG_DIR: path(s.dir, "file/logs") };
  const human = await claude.agent.run(["parley", "status"], { env });
  expect(human.exitCode).toBe(0);
  expect(human.stdout).toStartWith("Cross-LLM Session Dashboard\n");
  expect(human.stdout).toEndWith("==\n");
  expect(human.stderr).toStartWith("parley: warning: Session log write failed");
  const json = await claude.agent.run(["parley", "status", "--json"], { env });
  expect(json).toMatchObject({ exitCode: 0, stderr: "" });
  expect(json.json()).toMatchObject({
    ok: true,
    data: { log: null },
    warnings: [{ code: "log_failed" }],
  });
  const log = await claude.agent.run(["parley", "log", "x", "--json"], { env });
  expect(log.exitCode).toBe(8);
  expect(log.json().error.code).toBe("not_permitted");
});

test("PARLEY_LOG_DIR says where the logs are, and all of it is private whatever the umask", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const root = path(s.dir, "logs");
  const run = await claude.shell("umask 000; parley log x --json", {
    env: { PARLEY_LOG_DIR: root },
  });
  const file: string = run.json().data.path;
  expect(file).toStartWith(`${root}/projects/unscoped/`);
  const mode = (each: string) => (statSync(each).mode & 0o777).toString(8);
  expect(mode(file)).toBe("600");
  for (let each = dirname(file); each.length >= root.length; each = dirname(each)) {
    expect([each, mode(each)]).toEqual([each, "700"]);
  }
  // Permissions that the owner has changed stay.
  chmodSync(file, 0o640);
  await claude.shell("parley log y", { env: { PARLEY_LOG_DIR: root } });
  expect(mode(file)).toBe("640");
  expect(headings(file)).toHaveLength(2);
});
