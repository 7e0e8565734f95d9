/** Tests missing streams, descriptors, programs and directories. */
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { binary, canBeNobody, sandbox, type Run } from "../support";

/** Verbs of every kind, by a session whose process lives as long as the test. */
const verbs = [
  ...[
    "register --llm claude --session-id one --pid $$",
    "status",
    "message operator x --session one",
  ],
  ...["publish state x --session one", "inbox --session one", "lock held --session one", "feed"],
  ...[
    "watch --since 0 --for 50ms",
    "poll state",
    "claim T.1 --session one",
    "conflicts --session one",
  ],
  ...[
    "log x --session one",
    "rescue --status",
    "cleanup",
    "project",
    "unlock --all --session one",
    "--help",
  ],
];

/** The verb as it is recorded: the shell replaces `$$` by its pid. */
const named = (verb: string): string => verb.replace("$$", "PID");

/** A script that runs each verb in a prepared shell and records its exit code, one a line. */
const script = (preparation: string, redirection = ">/dev/null"): string =>
  `${preparation}\n${verbs.map((verb) => `parley ${verb} ${redirection}; echo "$? ${named(verb)}" >&9`).join("\n")}`;

async function inShell(
  preparation: string,
  options: { redirection?: string; env?: Record<string, string | undefined> } = {},
): Promise<Run> {
  await using s = sandbox();
  const desk = await s.startAgent("desk");
  const run = await desk.run(
    ["sh", "-c", `exec 9>"$0"; ${script(preparation, options.redirection)}`, join(s.dir, "codes")],
    { env: options.env ?? {} },
  );
  return { ...run, stdout: await Bun.file(join(s.dir, "codes")).text() };
}

const allSucceed = `${verbs.map((verb) => `0 ${named(verb)}`).join("\n")}\n`;

test.each([
  ["with standard output and error closed", "", ">&- 2>&-"],
  ["with all three streams closed", "", "<&- >&- 2>&-"],
  ["with a reader that stops after one byte", "", "| head -c 1 >/dev/null"],
  ["with 32 descriptors", "ulimit -n 32", ">/dev/null"],
  [
    "with no terminal and an empty environment but for HOME",
    "unset TERM LANG USER LOGNAME SHELL PWD",
    ">/dev/null",
  ],
])("every verb works %s", async (_, preparation, redirection) => {
  const run = await inShell(preparation, { redirection });
  expect([run.stdout, run.stderr]).toEqual([allSucceed, ""]);
});

test.each([
  ["in the C locale", { LC_ALL: "C", LANG: "C" }],
  [
    "without a usable TMPDIR",
    { TMPDIR: "/dev/null/none", TMP: "/dev/null/none", BUN_TMPDIR: "/dev/null/none" },
  ],
])("every verb works %s", async (_, env) => {
  const run = await inShell("", { env });
  expect([run.stdout, run.stderr]).toEqual([allSucceed, ""]);
});

test("every verb works where no other program is found", async () => {
  await using s = sandbox();
  const bin = join(s.dir, "alone");
  mkdirSync(bin);
  symlinkSync(binary, join(bin, "parley"));
  const desk = await s.startAgent("desk");
  const run = await desk.run(
    ["/bin/sh", "-c", `exec 9>"$0"; PATH='${bin}'; ${script("")}`, join(s.dir, "codes")],
    {},
  );
  expect([await Bun.file(join(s.dir, "codes")).text(), run.stderr]).toEqual([allSucceed, ""]);
});

test.skipIf(process.getuid?.() === 0 && !canBeNobody)(
  "in a home that is not writable every verb says so (as root: needs setpriv)",
  async () => {
    await using s = sandbox();
    chmodSync(s.home, 0o555);
    try {
      const desk = await s.startAgent("desk");
      const drop = process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--clear-groups"] : [];
      // A process without root cannot enter the directory of the test, which only root can.
      if (drop.length > 0)
        for (const each of [join(s.home, ".."), s.dir, s.bin]) chmodSync(each, 0o755);
      for (const verb of [
        "register --llm claude",
        "message operator x",
        "publish state x --as operator",
      ]) {
        const run = await desk.run([...drop, "parley", ...verb.split(" "), "--json"]);
        expect([verb, run.exitCode, run.json().error.code]).toEqual([verb, 8, "not_permitted"]);
      }
      for (const verb of ["status", "inbox --as operator", "feed"]) {
        const run = await desk.run([...drop, "parley", ...verb.split(" "), "--json"]);
        expect([verb, run.exitCode]).toEqual([verb, 4]);
      }
    } finally {
      chmodSync(s.home, 0o755);
      rmSync(s.home, { recursive: true, force: true });
    }
  },
);

test("with any number of descriptors a verb works, or says that they are too few", async () => {
  await using s = sandbox();
  const desk = await s.startAgent("desk");
  const register = `register --llm claude --session-id one --pid ${desk.pid}`;
  await s.parley(register.split(" "));
  await s.parley(["publish", "state", "x", "--as", "operator"]);
  const outcome = async (count: number, verb: string): Promise<string> => {
    const command = `ulimit -n ${count}; exec timeout -s KILL 60 parley ${verb} --json`;
    const { exitCode, stdout } = await desk.run(["sh", "-c", command]);
    const { ok, error, data } = JSON.parse(stdout);
    // A second session would mean that the process of the first was not seen.
    const isKnown = (data?.session?.session_id ?? "one") === "one";
    if (exitCode === 0 && isKnown) return "works";
    if (error?.code === "timeout" && verb.includes("--wait")) return "works";
    return `${ok} ${exitCode} ${error?.message.split(" to work")[0]}`;
  };
  const found = new Set<string>();
  for (let count = 5; count <= 24; count++) {
    const all = await Promise.all(
      [
        register,
        ...["status --no-log", "message operator x --session one", "inbox --session one"],
        ...["poll state", "watch state --since 0 --once", "inbox --session one --wait 50ms"],
      ].map((verb) => outcome(count, verb)),
    );
    for (const each of all) found.add(each);
  }
  expect([...found].toSorted()).toEqual(["false 8 Too few files may be open at once", "works"]);
});

test.each(["mcp", "message operator -", "publish state -", "log -"])(
  "%s says that its standard input is a directory",
  async (verb) => {
    await using s = sandbox();
    const claude = await s.startAgent("claude");
    await claude.run(["parley", "register"]);
    const text = await claude.run(["sh", "-c", `parley ${verb} </`]);
    expect(text).toMatchObject({
      exitCode: 64,
      stdout: "",
      stderr:
        "parley: cannot read standard input: it is a directory\nhint: give it a file or a pipe\n",
    });
    const json = await claude.run(["sh", "-c", `parley ${verb} --json </`]);
    expect([json.exitCode, json.json().error.code]).toEqual([64, "invalid"]);
  },
);

test("mcp says that its standard input is only written to, and ends where it is closed", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const written = await claude.run(["sh", "-c", "parley mcp --json 0>file"]);
  expect([written.exitCode, written.json().error.code]).toEqual([64, "invalid"]);
  const closed = await claude.run(["sh", "-c", "parley mcp <&-"]);
  expect(closed).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
});
