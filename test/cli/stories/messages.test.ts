/** Stories of sessions that write to each other. */
import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join as path } from "node:path";

import { sandbox } from "../../support";
import { startSession, sent, texts } from "./agents";

test("a session asks another to release a lock, is answered, and sees that it was read", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home, register: ["--model", "o3"] });
  const text = "please release lock on session_message_bus.py — I need to edit it for H.13.8";
  const asked = await claude.parley("message", codex.id, text);
  expect(asked).toMatchObject({ exitCode: 0, stderr: "" });
  expect(asked.stdout).toBe(
    [
      `Message sent to ${codex.id}`,
      "Channel: coordination",
      "Priority: 2 (high)",
      `Content: "${text}"`,
      "Status: pending (awaiting delivery)",
      "The recipient will see this message via:",
      "parley status --unread",
      "parley inbox",
      "",
    ].join("\n"),
  );
  expect(await sent(claude)).toEqual([`${text}: pending`]);

  const shown = await codex.parley("status", "--unread");
  expect(shown.stdout).toContain(`from ${claude.id} on coordination`);
  expect(shown.stdout).toContain(`\n> ${text}\n`);
  expect(await sent(claude)).toEqual([`${text}: delivered`]);

  const [question] = (await codex.parley("inbox", "--json")).json().data.messages;
  await codex.parley("message", claude.id, "released", "--reply-to", String(question.id));
  const list = await claude.parley("message", "--sent", "--status");
  expect(list.stdout).toMatch(
    new RegExp(
      [
        "^Sent Messages \\(last 10\\)",
        "={50}",
        `\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ ${codex.id} coordination "${text}" read \\(delivered \\S+, read \\S+\\)`,
        "Total: 1 sent message \\(0 pending, 0 delivered, 1 read\\)\n$",
      ].join("\n"),
    ),
  );
  const answer = (await claude.parley("inbox", "--json")).json().data.messages[0];
  expect(answer).toMatchObject({
    reply_to: question.id,
    sender_id: codex.id,
    payload: { message: "released" },
  });
});

test("urgent messages stand before earlier ones", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  for (const priority of ["1", "0", "3", "2"]) {
    await claude.parley("message", codex.id, `priority ${priority}`, "--priority", priority);
  }
  const human = await codex.parley("inbox", "--peek");
  expect(human.stdout.match(/\[[A-Z]+\]/g)).toEqual([
    "[CRITICAL]",
    "[HIGH]",
    "[NORMAL]",
    "[ROUTINE]",
  ]);
  expect(texts(await codex.parley("inbox", "--limit", "2", "--json"))).toEqual([
    "priority 3",
    "priority 2",
  ]);
  // Messages that were not shown yet come before shown ones, however urgent those are.
  expect(texts(await codex.parley("inbox", "--json"))).toEqual([
    ...["priority 1", "priority 0", "priority 3", "priority 2"],
  ]);
});

test("a broadcast reaches everyone but its sender, and names them", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const broadcast = await claude.parley("message", "--all", "anybody?");
  expect(broadcast).toMatchObject({ exitCode: 0, stdout: "Broadcast sent to 0 session(s)\n" });
  const codex = await startSession(s, "codex", {
    cwd: s.home,
    register: ["--model", "o3", "--project", "PILOT"],
  });
  const kimi = await startSession(s, "kimi", { cwd: s.bin });
  const run = await claude.parley(
    "message",
    "--all",
    "Track H.13 complete",
    "--channel",
    "task_broadcast",
  );
  expect(run.stdout).toBe(
    [
      "Broadcast sent to 2 session(s)",
      "Channel: task_broadcast",
      "Priority: 2 (high)",
      'Content: "Track H.13 complete"',
      "Recipients:",
      `${codex.id} (codex, o3) — pending`,
      `${kimi.id} (kimi) — pending`,
      "",
    ].join("\n"),
  );
  await claude.parley("message", "--all", "only you", "--project", "PILOT");
  expect(texts(await codex.parley("inbox", "--json"))).toEqual(["Track H.13 complete", "only you"]);
  expect(texts(await kimi.parley("inbox", "--json"))).toEqual(["Track H.13 complete"]);
  expect(texts(await claude.parley("inbox", "--json"))).toEqual([]);
});

test("a message to a session that is not registered is queued until it registers", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude", {
    register: ["--project", "PILOT", "--model", "opus-4.6"],
  });
  const run = await claude.parley("message", "reviewer-1", "for later");
  expect(run.exitCode).toBe(0);
  expect(run.stdout).toBe(
    [
      "WARNING: Session 'reviewer-1' not found in active sessions.",
      "Active sessions:",
      `${claude.id} (claude, opus-4.6) — PILOT`,
      "Message sent anyway (will be available when session registers).",
      "",
    ].join("\n"),
  );
  expect(
    (await claude.parley("message", "reviewer-1", "again", "--json")).json().data,
  ).toMatchObject({
    queued: true,
    recipients: 1,
  });
  const late = await s.startAgent("codex", { cwd: s.home });
  const arrived = await late.run(["parley", "register", "--session-id", "reviewer-1"]);
  expect(arrived.stdout).toContain("UNREAD MESSAGES: 2 (2 coordination)\n");
  expect(texts(await late.run(["parley", "inbox", "--json"]))).toEqual(["for later", "again"]);
});

test("a target that cannot be the name of a session is refused, and nothing is changed", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  for (const target of ["../messaging.db", "../../x", "codex 41200", "uuid:1", "\x1b[2J"]) {
    const run = await claude.parley("message", target, "x", "--json");
    expect(run.exitCode).toBe(64);
    expect(run.json().error.code).toBe("invalid");
  }
  expect(await sent(claude)).toEqual([]);
});

test("a session can be called by its name", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home, register: ["--name", "reviewer"] });
  await claude.parley("message", "reviewer", "hello");
  expect(texts(await codex.parley("inbox", "--json"))).toEqual(["hello"]);
  const taken = await claude.parley("register", "--name", "reviewer", "--json");
  expect(taken.exitCode).toBe(3);
  expect(taken.json().error).toMatchObject({ code: "conflict", details: { session_id: codex.id } });
});

test("the operator writes, is written to and reads without being a session", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  expect((await s.parley(["message", claude.id, "stop", "--as", "operator"])).exitCode).toBe(0);
  const [letter] = (await claude.parley("inbox", "--json")).json().data.messages;
  expect(letter).toMatchObject({
    sender_id: "operator",
    payload: { message: "stop", from: "operator" },
  });
  const answer = await claude.parley("message", "operator", "stopped", "--json");
  expect(answer.json().data.queued).toBe(false);
  const inbox = await s.parley(["inbox", "--as", "operator"]);
  expect(inbox.stdout).toContain(`from ${claude.id} on coordination`);
  expect(inbox.stdout).toContain("> stopped");
  expect(await sent(claude)).toEqual(["stopped: delivered"]);
  expect((await s.parley(["read", "--all", "--as", "operator"])).stdout).toStartWith(
    "Marked 1 message read",
  );
  expect(await sent(claude)).toEqual(["stopped: read"]);
  const list = (await s.parley(["message", "--sent", "--as", "operator", "--json"])).json().data;
  expect(list.totals).toEqual({ pending: 0, delivered: 1, read: 0 });
});

test("a payload is kept as it is, and a wrong one is refused", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  const payload = { task_id: "H.8.1", status: "working", nested: { list: [1, null, "ü"] } };
  const run = await claude.parley("message", codex.id, "--payload", JSON.stringify(payload));
  expect(run.exitCode).toBe(0);
  expect((await codex.parley("inbox", "--json")).json().data.messages[0].payload).toEqual(payload);
  for (const wrong of ["[1]", '"text"', "null", '{"a":', "x"]) {
    expect((await claude.parley("message", codex.id, "--payload", wrong)).exitCode).toBe(64);
  }
  expect((await claude.parley("message", codex.id, "text", "--payload", "{}")).exitCode).toBe(64);
});

test("an unregistered caller cannot send", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const run = await s.parley(["message", claude.id, "hello"]);
  expect(run).toMatchObject({ exitCode: 7, stdout: "" });
  expect(run.stderr).toContain("hint: run parley register first");
  expect((await s.parley(["message", claude.id, "hello", "--json"])).json()).toMatchObject({
    ok: false,
    error: { code: "not_registered" },
  });
  expect(texts(await claude.parley("inbox", "--json"))).toEqual([]);
  // Called by a seed's name it names commands as the seeds do.
  symlinkSync(path(s.bin, "parley"), path(s.bin, "session-message"));
  const desk = await s.startAgent("desk");
  const seeds = await desk.run(["session-message", claude.id, "hello"]);
  expect(seeds.stderr).toContain("hint: run /session-register first");
});

test("a session that writes to itself is warned", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const run = await claude.parley("message", claude.id, "note to self");
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toContain("wrote to itself");
  expect(texts(await claude.parley("inbox", "--json"))).toEqual(["note to self"]);
});
