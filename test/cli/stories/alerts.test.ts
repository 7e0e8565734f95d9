/** Whom a conflict concerns, and how long. */
import { expect, test } from "bun:test";

import { sandbox } from "../../support";
import { startSession, type TestSession } from "./agents";

/** The unread alerts: type, state, and who is in it. */
async function alerts(by: TestSession): Promise<[string, string, string[]][]> {
  const found = (await by.parley("status", "--alerts", "--json", "--as", "operator")).json().data
    .alerts;
  return found.map(
    (each: { message_type: string; status: string; payload: { sessions: string[] } }) => [
      ...[each.message_type, each.status, each.payload.sessions.toSorted()],
    ],
  );
}

const unread = async (member: TestSession): Promise<number> =>
  (await member.parley("inbox", "--peek", "--json")).json().data.messages.length;

test("a conflict concerns those who are in it, as long as two are", async () => {
  await using s = sandbox();
  const register = ["--project", "PILOT"];
  const claude = await startSession(s, "claude", { register });
  const codex = await startSession(s, "codex", { cwd: s.home, register });
  const kimi = await startSession(s, "kimi", { cwd: s.bin, register });
  const ids = (...members: TestSession[]) => members.map(({ id }) => id).toSorted();
  expect(await alerts(claude)).toEqual([["project_conflict", "pending", ids(claude, codex, kimi)]]);
  expect(await alerts(claude)).toEqual([
    ["project_conflict", "delivered", ids(claude, codex, kimi)],
  ]);
  expect(await Promise.all([claude, codex, kimi].map(unread))).toEqual([1, 1, 1]);

  await kimi.parley("register", "--project", "OTHER");
  expect(await alerts(claude)).toEqual([["project_conflict", "delivered", ids(claude, codex)]]);
  expect(await Promise.all([claude, codex, kimi].map(unread))).toEqual([1, 1, 0]);

  // Who joins makes it new, for those who are in it.
  await Promise.all([claude, codex].map((member) => member.parley("read", "--all")));
  const gemini = await startSession(s, "gemini", { cwd: "/", register });
  expect(await alerts(claude)).toEqual([
    ["project_conflict", "pending", ids(claude, codex, gemini)],
  ]);
  expect(await Promise.all([claude, codex, kimi, gemini].map(unread))).toEqual([1, 1, 0, 1]);

  await codex.agent.kill();
  await gemini.parley("unregister");
  expect(await alerts(claude)).toEqual([]);
  expect(await unread(claude)).toBe(0);
});

test("who is refused again raises nothing new", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  const kimi = await startSession(s, "kimi", { cwd: s.bin });
  const file = `${s.dir}/paths.py`;
  await claude.parley("lock", file);
  for (const member of [codex, kimi]) expect((await member.parley("lock", file)).exitCode).toBe(3);
  const all = [claude.id, codex.id, kimi.id].toSorted();
  expect(await alerts(claude)).toEqual([["file_conflict", "pending", all]]);
  for (const member of [codex, kimi]) expect((await member.parley("lock", file)).exitCode).toBe(3);
  expect(await alerts(claude)).toEqual([["file_conflict", "delivered", all]]);
  await claude.parley("unlock", "--all");
  expect(await alerts(claude)).toEqual([]);
});

test("everybody in a task is told of it, whether it was claimed or only said", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude", { register: ["--task-id", "H.13.7"] });
  const codex = await startSession(s, "codex", { cwd: s.home });
  const run = await codex.parley("task", "H.13.7");
  expect(run.stdout).toContain(`CONFLICTS DETECTED:\n`);
  expect(run.stdout).toContain(`task_conflict: ${claude.id} also on H.13.7\n`);
  expect(await alerts(claude)).toEqual([
    ["task_conflict", "pending", [claude.id, codex.id].toSorted()],
  ]);
  await claude.parley("task", "--clear");
  expect(await alerts(codex)).toEqual([]);
});
