/** Stories of finding the calling session, through shells and scripts. */
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join as path } from "node:path";

import { type Agent, type Run, type Sandbox, sandbox } from "../../support";
import { startSession, sent } from "./agents";

const python = Bun.which("python3", { PATH: "/usr/bin:/bin" });

/** Ways in which an agent runs a command line, each by another shell. */
const ways: Record<string, string[]> = {
  "sh -c": ["sh", "-c", "cd sub && parley task --json"],
  "bash -c in a subshell": ["bash", "-c", "(cd sub; parley task --json); true"],
  "a command substitution": ["sh", "-c", 'echo "$(parley task --json)"'],
  "the background": ["sh", "-c", "parley task --json & wait"],
  "three shells": ["sh", "-c", "sh -c 'sh -c \"parley task --json; true\"; true'; true"],
  env: ["env", "A=b", "parley", "task", "--json"],
  timeout: ["timeout", "9", "parley", "task", "--json"],
  nice: ["nice", "parley", "task", "--json"],
  nohup: ["nohup", "parley", "task", "--json"],
  xargs: ["sh", "-c", "echo --json | xargs parley task"],
  find: ["find", ".", "-name", "sub", "-exec", "parley", "task", "--json", ";"],
  "a script": ["./script.sh"],
  "sh with a script": ["sh", "./script.sh"],
  ...(python && {
    "Python's subprocess with a shell": [
      ...[
        python,
        "-c",
        "import subprocess; subprocess.run('cd sub && parley task --json', shell=True)",
      ],
    ],
  }),
};

function stage({ dir }: Sandbox): void {
  mkdirSync(path(dir, "sub"));
  writeFileSync(path(dir, "script.sh"), "#!/bin/sh\nparley task --json\n");
  chmodSync(path(dir, "script.sh"), 0o755);
}

const sessionOf = (run: Run): string => run.json().data.session.session_id;

async function whoEachTime(agent: Agent): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [way, command] of Object.entries(ways))
    found[way] = sessionOf(await agent.run(command));
  return found;
}

const always = (id: string) => Object.fromEntries(Object.keys(ways).map((way) => [way, id]));

test("an agent is the same session through whatever it runs the command with", async () => {
  await using s = sandbox();
  stage(s);
  const claude = await startSession(s, "claude");
  expect(await whoEachTime(claude.agent)).toEqual(always(claude.id));
});

test("without a known agent above, the lasting process there is the session, judged by its heartbeat", async () => {
  await using s = sandbox();
  stage(s);
  const desk = await s.startAgent("desk");
  const registered = await desk.run(["sh", "-c", "cd sub && parley register --llm gemini --json"]);
  expect(registered.json().data).toMatchObject({
    liveness: "heartbeat",
    session: { session_id: `gemini-${desk.pid}`, pid: desk.pid },
  });
  expect(await whoEachTime(desk)).toEqual(always(`gemini-${desk.pid}`));
});

test("an agent inside another agent is itself, and so is the outer one", async () => {
  await using s = sandbox();
  const outer = await startSession(s, "claude", {
    env: { CLAUDECODE: "1", CLAUDE_CODE_SESSION_ID: "outer-conversation" },
  });
  symlinkSync(process.execPath, path(s.bin, "codex"));
  const script = path(s.dir, "inner.ts");
  writeFileSync(
    script,
    `for (const verb of ["register", "task"]) {
      const { stdout } = Bun.spawnSync(["sh", "-c", \`parley \${verb} --json; true\`]);
      console.log(JSON.parse(stdout.toString()).data.session.session_id, process.pid);
    }`,
  );
  const inner = await outer.agent.run(["codex", script]);
  expect(inner.stdout).toMatch(/^codex-(\d+) \1\ncodex-\1 \1\n$/);
  expect(sessionOf(await outer.parley("task", "--json"))).toBe(outer.id);
});

test("a session can be named, by option before variable", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home, register: ["--name", "reviewer"] });
  const task = async (args: string[], PARLEY_SESSION?: string) =>
    sessionOf(await s.parley(["task", "--json", ...args], { env: { PARLEY_SESSION } }));
  expect(await task(["--session", claude.id])).toBe(claude.id);
  expect(await task([], codex.id)).toBe(codex.id);
  expect(await task([], "reviewer")).toBe(codex.id);
  expect(await task(["--session", claude.id], codex.id)).toBe(claude.id);
  // Also against what the ancestry says.
  expect(sessionOf(await claude.parley("task", "--json", "--session", codex.id))).toBe(codex.id);
});

test("a name that no session has is an error for every verb that acts, and a warning beside the dashboard", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  for (const verb of [
    ["inbox"],
    ["task"],
    ["heartbeat"],
    ["unregister"],
    ["read", "--all"],
    ["message", claude.id, "x"],
  ]) {
    const run = await claude.parley(...verb, "--session", "nobody-1", "--json");
    expect(run).toMatchObject({ exitCode: 7, stderr: "" });
    expect(run.json().error).toMatchObject({
      code: "not_registered",
      details: { session_id: "nobody-1" },
    });
  }
  expect(await sent(claude)).toEqual([]);
  const status = await claude.parley("status", "--no-log", "--json", "--session", "nobody-1");
  expect(status.exitCode).toBe(0);
  expect(status.json()).toMatchObject({
    data: { this_session: null },
    warnings: [{ code: "not_registered" }],
  });
});

test("an unregistered caller gets not_registered, and nothing is done", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const kimi = await s.startAgent("kimi", { cwd: s.home });
  for (const verb of [
    ["inbox"],
    ["task", "H.1"],
    ["heartbeat"],
    ["unregister"],
    ["read", "--all"],
  ]) {
    const run = await kimi.run(["parley", ...verb]);
    expect(run).toMatchObject({ exitCode: 7, stdout: "" });
    expect(run.stderr).toContain("parley register");
  }
  const { sessions } = (await claude.parley("status", "--no-log", "--json")).json().data;
  expect(sessions).toHaveLength(1);
});

test("several sessions in one process are distinguished by name only", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const second = (await claude.parley("register", "--session-id", "second", "--json")).json().data;
  expect(second).toMatchObject({ created: true, session: { session_id: "second" } });
  const run = await claude.parley("inbox", "--json");
  expect(run.exitCode).toBe(7);
  expect(run.json().error.details.candidates).toEqual([claude.id, "second"]);
  expect((await claude.parley("inbox", "--session", "second")).exitCode).toBe(0);
});

test("a conversation finds its session where the ancestry is cut off", async () => {
  await using s = sandbox();
  const codex = await startSession(s, "codex", { register: ["--session-uuid", "thread-1"] });
  const run = await s.parley(["task", "--json"], { env: { CODEX_THREAD_ID: "thread-1" } });
  expect(sessionOf(run)).toBe(codex.id);
});
