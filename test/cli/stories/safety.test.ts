/** Stories of hostile text and hostile directory names. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join as path } from "node:path";

import { sandbox } from "../../support";
import { onlyInFile } from "../../server";
import { startSession, texts } from "./agents";

/** Clears the screen, sets the title, writes to the clipboard, overwrites the line, turns the text around. */
const hostile =
  "a\x1b[2J\x1b]0;title\x07\x1b]52;c;aGk=\x07\x9b31m\x1bPq\x1b\\\r\n### 2026-01-01T00:00:00Z - forged\u202e\u2028b\x08\x7f";

/** What may reach a terminal: no control character but the newline, no bidirectional control, no line separator. */
const unsafe = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** parley refuses such a task id, but another program may write it into the database. */
function setTask(db: string, task: string): void {
  const database = new Database(db);
  database.run("pragma busy_timeout = 3000");
  database.run("update session_registry set task_id = ?", [task]);
  database.close();
}

onlyInFile(
  "nothing that a session says of itself or to others acts on a terminal or forges a heading",
  async () => {
    await using s = sandbox();
    // A directory may be called almost anything.
    const dir = path(s.dir, hostile.replaceAll("/", ":"));
    mkdirSync(dir);
    const register = ["--project", hostile, "--model", hostile];
    const claude = await startSession(s, "claude", { cwd: dir, register });
    setTask(s.db, hostile);
    const codex = await startSession(s, "codex", { cwd: dir, register: ["--project", hostile] });
    await codex.parley("message", claude.id, hostile);
    await codex.parley("message", claude.id, "--payload", JSON.stringify({ [hostile]: hostile }));
    await codex.parley("log", hostile);

    const views = [
      ...[["register"], ["register", "--verbose"], ["task"], ["heartbeat"]],
      ...[
        ["inbox", "--peek"],
        ["status", "--no-log"],
        ["status", "--verbose"],
      ],
      [
        "status",
        "--stats",
        "--locks",
        "--claims",
        "--alerts",
        "--unread",
        "--lifecycle",
        "--verbose",
      ],
      ...[["inbox"], ["message", "nobody", hostile], ["message", "--all", hostile]],
      ...[
        ["message", "--sent", "--status"],
        ["log", hostile],
        ["log", "--fix", hostile],
        ["log", "--view"],
      ],
      ...[
        ["message", hostile, "x"],
        ["inbox", "--session", hostile],
        ["status", `--${hostile}`],
        [hostile],
      ],
      ...[
        ["read", hostile],
        ["inbox", "--channel", hostile],
        ["register", "--name", hostile],
      ],
      ...[
        ["register", "--llm", hostile],
        ["status", "--db", hostile],
        ["unregister", "--reason", hostile],
      ],
    ];
    for (const view of views) {
      for (const json of [[], ["--json"]]) {
        const { stdout, stderr } = await claude.parley(...json, ...view);
        expect([view, unsafe.exec(stdout + stderr)?.[0]]).toEqual([view, undefined]);
        // A heading of the log, and nothing else of ours, begins with ###.
        const forged = /^### (?!\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ - (\[FIX\] |\[H\.0\] )?)/m;
        expect(stdout).not.toMatch(forged);
        expect(stdout).not.toContain("\n### 2026-01-01");
      }
    }
  },
);

test("in --json the text is what it was, escaped", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  await claude.parley("message", claude.id, hostile);
  const run = await claude.parley("inbox", "--json");
  expect(run.stdout).not.toMatch(unsafe);
  expect(texts(run)).toEqual([hostile]);
});

test("no project name leads out of the directory of the logs", async () => {
  await using s = sandbox();
  const names = [
    "../../../../escaped",
    "/etc/escaped",
    "..",
    ".",
    "a/b",
    "unscoped",
    "x".repeat(256),
    "ünï çode",
  ];
  const desk = await s.startAgent("desk");
  for (const [index, project] of names.entries()) {
    const id = `s${index}`;
    await desk.run([
      "parley",
      "register",
      "--llm",
      "kimi",
      "--session-id",
      id,
      "--project",
      project,
    ]);
    const run = await desk.run(["parley", "log", "here", "--session", id, "--json"]);
    expect(run.exitCode).toBe(0);
    const file = run.json().data.path;
    expect(existsSync(file)).toBe(true);
    const projects = path(dirname(s.db), "session-logs/projects");
    expect(dirname(dirname(dirname(file)))).toBe(projects);
  }
  expect(readdirSync(path(dirname(s.db), "session-logs/projects"))).toHaveLength(names.length);
  expect(readdirSync(s.home)).toEqual([".local"]);
});

onlyInFile("no message makes an entry of the session log look like another", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  setTask(s.db, "H.1\n### forged");
  const words = "first\n### 2026-01-01T00:00:00Z - forged\n**Author:** Somebody\n```\n<!--";
  const { path: file } = (await claude.parley("log", words, "--json")).json().data;
  await claude.parley("status");
  await claude.parley("log", "after");
  const lines = readFileSync(file, "utf8").split("\n");
  expect(lines.filter((line) => line.startsWith("#"))).toEqual([
    expect.stringMatching(/^# Session log — unscoped — \d{4}-\d\d-\d\d$/),
    expect.stringMatching(/^### \S+Z - first$/),
    expect.stringMatching(/^### \S+Z - \[H\.0\] Cross-LLM Session Dashboard Status$/),
    expect.stringMatching(/^### \S+Z - after$/),
  ]);
  expect(lines.filter((line) => line.startsWith("**Author:**"))).toEqual(
    Array(3).fill("**Author:** Claude"),
  );
  // Quoted, a fence or a comment ends with its quotation.
  expect(lines).toContain("> ```");
  expect(lines).toContain("> <!--");
});
