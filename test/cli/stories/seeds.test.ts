/** Stories of the seeds' command names and usage lines. */
import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join as path } from "node:path";

import { type Sandbox, sandbox } from "../../support";
import { startSession, type TestSession } from "./agents";

/** Every usage line of the seeds' documents, as they stand there but for the slash. */
const usage = {
  "session-register": [
    "session-register",
    "session-register --llm codex --task-id J.15.6",
    "session-register --project PILOT",
    "session-register --task-id H.13",
    "session-register --llm claude --task-id H.13.2",
  ],
  "session-status": [
    "session-status",
    "session-status --stats",
    "session-status --locks",
    "session-status --claims",
    "session-status --alerts",
    "session-status --unread",
    "session-status --lifecycle",
    "session-status --no-log",
  ],
  "session-message": [
    'session-message "codex-41200" "please release lock on paths.py"',
    'session-message "codex-41200" "urgent: task H.13.7 conflict" --priority 3',
    'session-message --all "switching to track J work, releasing all H tasks"',
    "session-message --sent",
    "session-message --sent --status",
    'session-message "codex-41200" "please release lock on session_message_bus.py — I need to edit it for H.13.8"',
    'session-message --all "Track H.13 complete. Track J tasks now unblocked."',
    'session-message "codex-41200" "CONFLICT: both editing paths.py — please stop" --priority 3',
  ],
};

function link({ bin }: Sandbox, ...names: string[]): void {
  for (const name of names) symlinkSync(path(bin, "parley"), path(bin, name));
}

test("every usage line of the seeds runs as written", async () => {
  await using s = sandbox();
  link(s, ...Object.keys(usage));
  // The sessions that the documents name, as far as a pid can be chosen.
  const claude = await startSession(s, "claude");
  await startSession(s, "codex", { cwd: s.home, register: ["--session-id", "codex-41200"] });
  for (const line of Object.values(usage).flat()) {
    // A line that registers runs as another agent; the other lines run as the first.
    const vendor = /--llm (\w+)/.exec(line)?.[1];
    const session = vendor ? await s.startAgent(vendor, { cwd: s.bin }) : claude.agent;
    const run = await session.run(["sh", "-c", line]);
    expect([line, run.exitCode, run.stderr]).toEqual([line, 0, ""]);
  }
  const { messages, totals } = (await claude.parley("message", "--sent", "--json")).json().data;
  expect(totals.pending).toBe(messages.length);
});

test("called by a seed's name, it names other commands by the seeds' names", async () => {
  await using s = sandbox();
  link(s, ...Object.keys(usage), "session-log");
  const claude = await s.startAgent("claude");
  const codex = await s.startAgent("codex");
  const say = async (session: TestSession["agent"], ...command: string[]) => {
    const { stdout, stderr } = await session.run(command);
    return stdout + stderr;
  };
  expect(await say(claude, "session-status")).toContain("hint: run /session-register first");
  expect(await say(claude, "session-register")).toContain(
    "\nRun /session-status to see all active sessions.\n",
  );
  const conflict = await say(codex, "session-register");
  expect(conflict).toContain("\nRun /session-conflicts --full for details.\n");
  expect(conflict).toContain("\nRun /session-status --alerts for details.\n");
  expect(await say(claude, "session-message", `codex-${codex.pid}`, "hello")).toEndWith(
    "\nThe recipient will see this message via:\n/session-status --unread\n/cxq --bus-unread\n",
  );
  expect(await say(codex, "session-register")).toContain(
    "\nRun /session-status --unread for details.\n",
  );
  expect(await say(codex, "session-log", "hello")).toStartWith(
    "Session log entry appended: SESSION-LOG-",
  );
  expect(await say(codex, "session-message", "x")).toContain('/session-message TARGET "text"');
  expect(await say(codex, "session-status", "--alert")).toContain("did you mean --alerts?");
  expect(await say(codex, "session-status", "--help")).toContain("\n  session-status --stats\n");
  // By its own name it uses its own verbs.
  expect(await say(codex, "parley", "register")).toContain(
    "Run parley status --unread for details.",
  );
});

test("a verbose registration follows the seeds' order", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude", { register: ["--project", "PILOT"] });
  const codex = await s.startAgent("codex", { args: ["--model", "o3"] });
  const run = await codex.run([
    "parley",
    "register",
    "--verbose",
    "--project",
    "PILOT",
    "--task-id",
    "J.1",
  ]);
  expect(run.stdout).toMatch(
    new RegExp(
      `^${[
        "Registering session with Inter-Session Message Bus...",
        "Auto-detected LLM: codex \\(o3\\) \\(via process codex\\)",
        "Resolved project: PILOT \\(via --project\\)",
        `Process ID: ${codex.pid}`,
        "Database: ~/.local/share/parley/messaging.db",
        "",
        "Inserting into session_registry...",
        "Broadcasting session_lifecycle/started event...",
        "Running conflict detection against 1 active session\\(s\\)...",
        `project_conflict detected: ${claude.id} \\(PILOT\\)`,
        `cwd_overlap detected: ${claude.id}`,
        `Liveness: process ${codex.pid}`,
        "",
        `Session registered: codex-${codex.pid}`,
        "Vendor: codex \\(o3\\)",
        "Project: PILOT",
        "Task: J.1",
        `PID: ${codex.pid}`,
        "Bus: messaging.db \\(WAL mode, \\d+ KB\\)",
        "Alerts: 2 \\(project_conflict, cwd_overlap\\)",
        "",
      ].join("\n")}$`,
    ),
  );
});
