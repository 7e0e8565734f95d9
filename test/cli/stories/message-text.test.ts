/** Stories of message texts, which arrive unchanged and do no harm. */
import { expect, test } from "bun:test";

import { sandbox } from "../../support";
import { startSession, sent, texts } from "./agents";

const limit = 64 * 1024;

test("any text arrives as it was written", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  const written = [
    "plain",
    "two\nlines\n\nand a gap",
    `"quotes" 'single' \`back\` \\ backslash $HOME $(id) %s %n`,
    "emoji 👩‍👩‍👧‍👦 🇩🇪, 漢字, עברית, e\u0301, \u{10ffff}",
    "  spaces at the ends  ",
    "tab\tand carriage\r\nreturn",
    '<script>alert(1)</script> &amp; --json {"a":1} [x](y)',
    "x".repeat(limit),
    "ü".repeat(limit / 2),
  ];
  for (const text of written) {
    expect((await claude.parley("message", codex.id, text)).exitCode).toBe(0);
  }
  expect(texts(await codex.parley("inbox", "--json"))).toEqual(written);
});

test("text that begins with a dash stands behind --, where nothing is an option", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  for (const text of ["--priority 3", "-", "--", "-x"]) {
    const run = await claude.parley("message", codex.id, "--", text);
    if (text !== "-") expect(run.exitCode).toBe(0);
  }
  expect(texts(await codex.parley("inbox", "--json"))).toEqual(["--priority 3", "--", "-x"]);
  const bare = await claude.parley("message", codex.id, "-x");
  expect(bare.exitCode).toBe(64);
  expect(bare.stderr).toContain("text that begins with - behind --");
});

test("a dash reads the text from standard input, however long it is and however slowly it is written", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  const text = `first line\n"second" 👋\n${"z".repeat(60_000)}\n`;
  const run = await claude.agent.run(["parley", "message", codex.id, "-"], { input: text });
  expect(run.exitCode).toBe(0);
  const slow = await claude.shell(
    `(printf a; sleep 0.05; printf b) | parley message ${codex.id} -`,
  );
  expect(slow.exitCode).toBe(0);
  expect(texts(await codex.parley("inbox", "--json"))).toEqual([text, "ab"]);
});

test("a payload that looks like an alert's is shown as it is, and keeps nothing else from being read", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  const payloads = [
    '{"sessions":["a","b"],"resource":"x","more":"as well"}',
    '{"sessions":[{"toString":1,"valueOf":1}],"resource":"x"}',
  ];
  for (const payload of payloads) {
    const run = await claude.parley("message", codex.id, "--payload", payload);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  }
  const event = { vendor: "codex", session_id: "one", pid: codex.agent.pid };
  const input = JSON.stringify(event);
  const hook = ["parley", "hook", "generic", "prompt"];
  const { context } = (await codex.agent.run(hook, { input })).json();
  const inbox = (await codex.parley("inbox")).stdout;
  for (const payload of payloads) {
    expect(context).toContain(payload);
    expect(inbox).toContain(payload);
  }
});

test("text that is too long, empty, binary or not UTF-8 is refused with the reason, and nothing is sent", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const refused: [input: string | Uint8Array | undefined, message: string][] = [
    ["a".repeat(limit + 1), `${limit + 1} bytes; the limit is ${limit} (64 KiB)`],
    ["ü".repeat(limit / 2) + "a", `${limit + 1} bytes; the limit is ${limit} (64 KiB)`],
    ["b".repeat(3 * 1024 * 1024), "1048576 bytes"],
    ["a\0b", "NUL"],
    ["", "empty"],
    [" \n\t", "empty"],
    [undefined, "empty"],
    [new Uint8Array([0x68, 0xff, 0xfe]), "UTF-8"],
  ];
  for (const [input, message] of refused) {
    const options = input === undefined ? {} : { input };
    const run = await claude.agent.run(["parley", "message", "operator", "-", "--json"], options);
    expect(run).toMatchObject({ exitCode: 64, stderr: "" });
    expect(run.json().error.code).toBe("invalid");
    expect(run.json().error.message).toContain(message);
  }
  // No program can be given a NUL as an argument; an empty one it can.
  expect((await claude.parley("message", "operator", "")).exitCode).toBe(64);
  expect((await claude.parley("message", "operator", "c".repeat(limit + 1))).stderr).toContain(
    "64 KiB",
  );
  expect(await sent(claude)).toEqual([]);
});

test("closed standard input is an empty text, not a hang", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const run = await claude.shell("parley message operator - <&-");
  expect(run.exitCode).toBe(64);
  expect(run.stderr).toContain("empty");
  // A verb that does not read it does not wait for its end either.
  const open = await claude.shell("mkfifo never && parley status --stats <>never");
  expect(open.exitCode).toBe(0);
});
