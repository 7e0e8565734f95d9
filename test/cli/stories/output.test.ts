/** Stories of pipes, full disks and terminals. */
import { expect, test } from "bun:test";

import { sandbox } from "../../support";
import { startSession, texts } from "./agents";

test("an answer of any length reaches a pipe whole, however slowly it is read", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const written = Array.from({ length: 6 }, (_, i) => String(i).repeat(60_000));
  for (const text of written) await claude.parley("message", "operator", text);
  const slow = "parley inbox --as operator --json | (sleep 0.1; cat)";
  expect(texts(await claude.shell(slow))).toEqual(written);
  const human = await claude.shell("parley inbox --as operator | cat | dd bs=1000 2>/dev/null");
  for (const text of written) expect(human.stdout).toContain(`\n> ${text}\n`);
});

test("a reader that closes the pipe early causes no error", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  for (let i = 0; i < 3; i++) await claude.parley("message", "operator", "x".repeat(60_000));
  const run = await claude.shell(
    '{ parley inbox --as operator; echo "exit $?" >&2; } | head -c 1; { parley status --no-log; echo "exit $?" >&2; } | true',
  );
  expect(run).toMatchObject({ exitCode: 0, stdout: "I", stderr: "exit 0\nexit 0\n" });
});

test.skipIf(process.platform !== "linux")(
  "a full disk behind standard output is told on the other stream",
  async () => {
    await using s = sandbox();
    const claude = await startSession(s, "claude");
    for (const verb of ["status --no-log", "inbox --json", "register", "--help", "--version"]) {
      const run = await claude.shell(`parley ${verb} >/dev/full`);
      expect([verb, run.exitCode]).toEqual([verb, 8]);
      expect(run.stderr).toContain("cannot write the answer");
    }
    // An error keeps its own code, and is reported on stderr.
    const wrong = await claude.shell("parley status --bad --json >/dev/full");
    expect(wrong.exitCode).toBe(64);
    expect(wrong.stderr).toContain("unknown option --bad");
  },
);

test("closed streams change what is shown, not what is done", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const lines = {
    "parley message operator one >&-": 0,
    "parley message operator two <&- >&- 2>&-": 0,
    "parley message operator three 2>/dev/full": 0,
    "parley message --bad 2>&-": 64,
    "parley inbox --session nobody --json >&-": 7,
    "parley inbox --session nobody <&- >&- 2>&-": 7,
  };
  for (const [line, exitCode] of Object.entries(lines)) {
    expect([line, (await claude.shell(line)).exitCode]).toEqual([line, exitCode]);
  }
  expect(texts(await s.parley(["inbox", "--as", "operator", "--json"]))).toEqual([
    "one",
    "two",
    "three",
  ]);
});

test("colours appear in terminals or with FORCE_COLOR, and never in --json", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const escape = /\x1b/;
  const hasColors = async (env: Record<string, string>, ...args: string[]) => {
    const { stdout, stderr } = await claude.agent.run(["parley", ...args], { env });
    return escape.test(stdout + stderr);
  };
  const status = ["status", "--no-log"];
  expect(await hasColors({}, ...status)).toBe(false);
  expect(await hasColors({ TERM: "xterm-256color", COLORTERM: "truecolor" }, ...status)).toBe(
    false,
  );
  expect(await hasColors({ FORCE_COLOR: "1" }, ...status)).toBe(true);
  expect(await hasColors({ FORCE_COLOR: "1" }, "status", "--bad")).toBe(true);
  expect(await hasColors({ FORCE_COLOR: "1", NO_COLOR: "1" }, ...status)).toBe(false);
  expect(await hasColors({ FORCE_COLOR: "1", NO_COLOR: "1" }, "status", "--bad")).toBe(false);
  expect(await hasColors({ FORCE_COLOR: "0" }, ...status)).toBe(false);
  expect(await hasColors({ FORCE_COLOR: "1" }, ...status, "--json")).toBe(false);
  expect(await hasColors({ FORCE_COLOR: "1" }, "status", "--bad", "--json")).toBe(false);
});

test("neither the locale nor the kind of terminal changes a word", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude", { register: ["--project", "Prüfung 漢字"] });
  await claude.parley("message", "nobody", "ünï — 👋");
  const sentList = async (env: Record<string, string>) =>
    (await claude.agent.run(["parley", "message", "--sent"], { env })).stdout;
  const plain = await sentList({});
  expect(plain).toContain('"ünï — 👋"');
  for (const env of [
    { LANG: "C", LC_ALL: "C" },
    { LANG: "POSIX" },
    { TERM: "dumb" },
    { TERM: "" },
    { COLUMNS: "10" },
  ]) {
    expect(await sentList(env as Record<string, string>)).toBe(plain);
  }
});
