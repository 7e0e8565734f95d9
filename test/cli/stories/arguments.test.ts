/** Stories of mistakes on the command line. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { type Sandbox, sandbox } from "../../support";
import { startSession, type TestSession, sent } from "./agents";

let s: Sandbox;
let claude: TestSession;
beforeAll(async () => {
  s = sandbox();
  claude = await startSession(s, "claude");
});
afterAll(() => s.cleanup());

describe("A mistake in the arguments says what it is and what to do, and does nothing:", () => {
  const mistakes: Record<string, [args: string[], message: string, hint: string]> = {
    "a mistyped option": [
      ["message", "operator", "x", "--prioritty", "3"],
      "unknown option --prioritty; did you mean --priority?",
      "see parley message --help",
    ],
    "an unknown option": [
      ["status", "--frobnicate"],
      "unknown option --frobnicate",
      "text that begins with - behind --",
    ],
    "a bundle of short options": [["status", "-jv"], "unknown option -jv", "hint:"],
    "an option of another verb": [
      ["status", "--priority", "3"],
      "unknown option --priority",
      "behind",
    ],
    "a missing value": [
      ["message", "operator", "x", "--priority"],
      "--priority needs a value",
      "write --priority 0-3",
    ],
    "an option in place of a value": [
      ["message", "operator", "x", "--channel", "--priority", "3"],
      "--channel needs a value, and --priority is an option",
      "--channel=--priority if that is the value",
    ],
    "an empty value": [["register", "--task-id", ""], "--task-id is empty", "check the variable"],
    "a value for a switch": [
      ["status", "--stats=maybe"],
      "--stats takes true or false, not maybe",
      "--help",
    ],
    ...Object.fromEntries(
      Object.entries({
        "--llm": 64,
        "--model": 256,
        "--project": 256,
        "--session-uuid": 256,
        "--cwd": 4096,
      }).map(([option, most]): [string, [string[], string, string]] => [
        `${option} too long`,
        [
          ["register", option, "a".repeat(most + 1)],
          `${option} takes at most ${most} characters`,
          "see parley register --help",
        ],
      ]),
    ),
    "an empty message": [["publish", "state", " "], "The message is empty", "give its text"],
    "priority 7": [
      ["message", "operator", "x", "--priority", "7"],
      "--priority takes a whole number from 0 to 3, not 7",
      "see parley message --help",
    ],
    "a priority in words": [
      ["message", "operator", "x", "--priority", "high"],
      "--priority takes a whole number from 0 to 3, not high",
      "--help",
    ],
    "a negative priority": [
      ["message", "operator", "x", "--priority=-1"],
      "--priority takes a whole number from 0 to 3, not -1",
      "--help",
    ],
    "a reserved channel": [
      ["message", "operator", "x", "--channel", "operator_alert"],
      "--channel takes coordination, task_broadcast or state, not operator_alert",
      "--help",
    ],
    "words without quotes": [
      ["message", "operator", "please", "release"],
      'unexpected argument "release"',
      "a text of several words needs quotes",
    ],
    "an argument where none is taken": [
      ["status", "now"],
      'unexpected argument "now"',
      "only options",
    ],
    "a message without text": [["message", "operator"], "The text is missing", "quote the text"],
    "a message without anything": [["message"], "The target and the text are missing", "TARGET"],
    "a target beside --all": [
      ["message", "--all", "operator", "x"],
      "--all takes only the text, no target",
      "--all",
    ],
    "a text beside --sent": [
      ["message", "--sent", "x"],
      "--sent takes no target and no text",
      "TARGET",
    ],
    "a missing choice": [
      ["cleanup", "--cron"],
      "--cron needs a value",
      "write --cron print|install|remove|systemd|launchd",
    ],
    "an empty text": [["message", "operator", ""], "TEXT is empty", "hint: check the variable"],
    "a mistyped verb": [
      ["statsu"],
      'unknown verb "statsu"; did you mean status?',
      "see parley --help",
    ],
    "an unknown verb": [["constructor"], 'unknown verb "constructor"', "see parley --help"],
    "no ids and no --all": [["read"], "Give either the ids of messages or --all", "say --all"],
    "both ids and --all": [
      ["read", "1", "--all"],
      "Give either the ids of messages or --all",
      "leave one of them out",
    ],
    "an id that is none": [["read", "first"], "A message id takes a whole number", "--help"],
    "a limit of none": [
      ["inbox", "--limit", "0"],
      "--limit takes a whole number from 1 to 1000, not 0",
      "--help",
    ],
    "another role": [["inbox", "--as", "root"], "--as takes operator, not root", "--help"],
    "an interval without a unit": [
      ["heartbeat", "--watch", "--interval", "30"],
      "--interval takes a whole number and a unit",
      "for example --interval 30s",
    ],
    "a pid that is none": [["register", "--pid", "0"], "--pid takes a whole number", "--help"],
    "a vendor that is none": [
      ["register", "--llm", "Claude!"],
      "is not a vendor name",
      "--llm claude",
    ],
    "a name that is none": [
      ["register", "--name", "a b"],
      '--name cannot be "a b"',
      "use up to 128",
    ],
    "the operator's name": [
      ["register", "--name", "operator"],
      '--name cannot be "operator"',
      "use up to",
    ],
    "a log without words": [["log", " "], "The text is empty", "parley log"],
    "a day that does not exist": [
      ["log", "--view", "--date", "2026-02-30"],
      "--date takes a day as YYYY-MM-DD, not 2026-02-30",
      "for example",
    ],
    "a day beside a text": [
      ["log", "x", "--date", "2026-02-11"],
      "--date goes with --view",
      "parley log",
    ],
    "a kind beside --view": [["log", "--view", "--fix"], "--fix goes with a text", "parley log"],
    "two kinds": [["log", "x", "--fix", "--issue"], "exclude each other", "give one of them"],
    "a URL of another server": [
      ["status", "--db", "mysql://me:secret@127.0.0.1/bus"],
      "The database is named by a URL that parley cannot use: mysql:…",
      "postgres://USER@HOST/DATABASE",
    ],
    "a mistyped URL": [
      ["register", "--llm", "claude", "--db", "postgress://127.0.0.1/bus"],
      "a URL that parley cannot use: postgress:…",
      "name a file, or a server",
    ],
    "a task and none": [["task", "H.1", "--clear"], "exclude each other", "give one of them"],
  };
  for (const [name, [args, message, hint]] of Object.entries(mistakes)) {
    test(name, async () => {
      const human = await claude.parley(...args);
      expect(human).toMatchObject({ exitCode: 64, stdout: "" });
      const [first = "", second = ""] = human.stderr.split("\n");
      expect(first).toStartWith("parley: ");
      expect(first).toContain(message);
      expect(`${first}\n${second}`).toContain(hint);

      const json = await claude.parley("--json", ...args);
      expect(json).toMatchObject({ exitCode: 64, stderr: "" });
      expect(json.json()).toMatchObject({ ok: false, error: { code: "invalid" } });
      expect(json.json().error.message).toContain(message);
    });
  }

  test("none of them sent anything or changed the session", async () => {
    expect(await sent(claude)).toEqual([]);
    const { session } = (await claude.parley("task", "--json")).json().data;
    expect(session).toMatchObject({ session_id: claude.id, task_id: null, name: null });
  });
});

describe("With --json, standard output holds one line of JSON and nothing else holds anything:", () => {
  const answers: Record<string, [args: string[], exitCode: number]> = {
    register: [["register"], 0],
    task: [["task"], 0],
    heartbeat: [["heartbeat"], 0],
    status: [["status"], 0],
    "status --verbose --no-log": [["status", "--verbose", "--no-log"], 0],
    "a view of status": [["status", "--stats", "--locks", "--claims"], 0],
    "a message that waits": [["message", "nobody-1", "x"], 0],
    "message --all": [["message", "--all", "x"], 0],
    "message --sent": [["message", "--sent", "--status"], 0],
    inbox: [["inbox"], 0],
    read: [["read", "--all"], 0],
    log: [["log", "something"], 0],
    "log --view": [["log", "--view"], 0],
    "log of a day without": [["log", "--view", "--date", "2020-02-29"], 0],
    "--version": [["--version"], 0],
    "--help": [["--help"], 0],
    "message --help": [["message", "--help"], 0],
    "a wrong option": [["status", "--bad"], 64],
    "an unknown verb": [["frobnicate"], 64],
    "no such message": [["read", "4242"], 4],
    "no such session": [["inbox", "--session", "nobody"], 7],
    "no such database": [["inbox", "--db", "/nonexistent/messaging.db"], 4],
    "a foreign database": [["register", "--db", "/etc/passwd"], 64],
  };
  for (const [name, [args, exitCode]] of Object.entries(answers)) {
    test(name, async () => {
      const run = await claude.parley(...args, "--json");
      expect(run).toMatchObject({ exitCode, stderr: "" });
      expect(run.json().ok).toBe(exitCode === 0);
    });
  }
});

test("the last of several options counts, and --json may stand anywhere", async () => {
  const run = await s.parley([
    "--json",
    "message",
    "--priority",
    "1",
    "nobody",
    "--priority=3",
    "x",
  ]);
  expect(run.json().error.code).toBe("not_registered");
  const good = await claude.parley(
    "message",
    "--priority",
    "1",
    "nobody",
    "--priority=3",
    "x",
    "--json",
  );
  expect(good.json().data.messages[0].priority).toBe(3);
  // Behind -- it is text.
  const text = await claude.parley("message", "nobody", "--", "--json");
  expect(text.stdout).toStartWith("WARNING: Session 'nobody'");
});
