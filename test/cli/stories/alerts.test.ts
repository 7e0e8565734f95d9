/** Stories of alerts: whom a conflict concerns, and for how long. */
import { expect, test } from "bun:test";

import { sandbox } from "../../support";
import { startSession, type TestSession } from "./agents";

/** The unread alerts: type, state, and who is in it. */
async function alerts(session: TestSession): Promise<[string, string, string[]][]> {
  const found = (await session.parley("status", "--alerts", "--json", "--as", "operator")).json()
    .data.alerts;
  return found.map(
    (each: { message_type: string; status: string; payload: { sessions: string[] } }) => [
      ...[each.message_type, each.status, each.payload.sessions.toSorted()],
    ],
  );
}

const unread = async (session: TestSession): Promise<number> =>
  (await session.parley("inbox", "--peek", "--json")).json().data.messages.length;

test("a conflict alert concerns its participants, and ends when fewer than two are left", async () => {
  await using s = sandbox();
  const register = ["--project", "PILOT"];
  const claude = await startSession(s, "claude", { register });
  const codex = await startSession(s, "codex", { cwd: s.home, register });
  const kimi = await startSession(s, "kimi", { cwd: s.bin, register });
  const ids = (...sessions: TestSession[]) => sessions.map(({ id }) => id).toSorted();
  expect(await alerts(claude)).toEqual([["project_conflict", "pending", ids(claude, codex, kimi)]]);
  expect(await alerts(claude)).toEqual([
    ["project_conflict", "delivered", ids(claude, codex, kimi)],
  ]);
  expect(await Promise.all([claude, codex, kimi].map(unread))).toEqual([1, 1, 1]);

  await kimi.parley("register", "--project", "OTHER");
  expect(await alerts(claude)).toEqual([["project_conflict", "delivered", ids(claude, codex)]]);
  expect(await Promise.all([claude, codex, kimi].map(unread))).toEqual([1, 1, 0]);

  // A new participant makes the alert unread again for the other participants.
  await Promise.all([claude, codex].map((session) => session.parley("read", "--all")));
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

test("a repeated refusal raises no further alert", async () => {
  await using s = sandbox();
  const claude = await startSession(s, "claude");
  const codex = await startSession(s, "codex", { cwd: s.home });
  const kimi = await startSession(s, "kimi", { cwd: s.bin });
  const file = `${s.dir}/paths.py`;
  await claude.parley("lock", file);
  for (const session of [codex, kimi])
    expect((await session.parley("lock", file)).exitCode).toBe(3);
  const all = [claude.id, codex.id, kimi.id].toSorted();
  expect(await alerts(claude)).toEqual([["file_conflict", "pending", all]]);
  for (const session of [codex, kimi])
    expect((await session.parley("lock", file)).exitCode).toBe(3);
  expect(await alerts(claude)).toEqual([["file_conflict", "delivered", all]]);
  await claude.parley("unlock", "--all");
  expect(await alerts(claude)).toEqual([]);
});

test("every session on a task is told of a conflict about it, whether claimed or set by task", async () => {
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
