/** Stories of claims, and of messages addressed by what a session holds. */
import { expect, test } from "bun:test";

import { type Sandbox, sandbox } from "../../support";
import { startSession, type TestSession, texts } from "./agents";

async function two(s: Sandbox): Promise<[claude: TestSession, codex: TestSession]> {
  return [await startSession(s, "claude"), await startSession(s, "codex", { cwd: s.home })];
}

/** Claimed tasks and their sessions. */
async function claimed(session: TestSession): Promise<[string, string][]> {
  const { claims } = (await session.parley("status", "--claims", "--json")).json().data;
  return claims.map((claim: { task_id: string; session_id: string }) => [
    claim.task_id,
    claim.session_id,
  ]);
}

test("a claimed task has one owner, whom a refused claim names", async () => {
  await using s = sandbox();
  const [claude, codex] = await two(s);
  expect((await claude.parley("claim", "H.13")).stdout).toMatch(
    new RegExp(`^Claimed: H\\.13 \\(exclusive, fence \\d+\\)\\nBy: ${claude.id}\\n$`),
  );
  const refused = await codex.parley("claim", "H.13", "--json");
  expect(refused.exitCode).toBe(3);
  expect(refused.json().error).toMatchObject({
    code: "conflict",
    details: { task_id: "H.13", holder: claude.id },
  });
  expect((await codex.parley("claim", "H.13.7")).exitCode).toBe(0);
  expect(await claimed(codex)).toEqual([
    ["H.13", claude.id],
    ["H.13.7", codex.id],
  ]);
});

test("of several sessions claiming at once exactly one has it, and fences only grow", async () => {
  await using s = sandbox();
  const sessions = await Promise.all(
    ["claude", "codex", "kimi", "gemini"].map((vendor) => startSession(s, vendor)),
  );
  let last = 0;
  for (let round = 0; round < 3; round++) {
    const runs = await Promise.all(
      sessions.map((session) => session.parley("claim", "T", "--json")),
    );
    const winners = runs.filter((run) => run.exitCode === 0);
    expect(winners).toHaveLength(1);
    expect(runs.filter((run) => run.exitCode === 3)).toHaveLength(3);
    const { fence, session_id } = winners[0]!.json().data.claim;
    expect(fence).toBeGreaterThan(last);
    last = fence;
    await sessions.find(({ id }) => id === session_id)?.parley("release", "T");
  }
});

test("only its owner releases a claim, several at once, each once", async () => {
  await using s = sandbox();
  const [claude, codex] = await two(s);
  for (const task of ["T.1", "T.2", "T.3"]) await claude.parley("claim", task);
  const refused = await codex.parley("release", "T.1", "--json");
  expect([refused.exitCode, refused.json().error.details.holder]).toEqual([3, claude.id]);
  expect((await claude.parley("release", "T.1", "T.1", "unknown")).stdout).toBe("Released: T.1\n");
  expect((await claude.parley("release", "--all", "--json")).json().data.released).toHaveLength(2);
  expect((await claude.parley("release", "T.1")).stdout).toBe(
    "Nothing of that was claimed by this session.\n",
  );
  expect((await claude.parley("release")).exitCode).toBe(64);
  const events = (await s.parley(["cxq", "--bus-messages", "--json"])).json().data.messages;
  expect(
    events.filter(({ message_type }: { message_type: string }) => message_type === "release"),
  ).toHaveLength(3);
});

test("a waiting claim succeeds when the task is released, its lease ends, or its owner dies", async () => {
  await using s = sandbox();
  const [claude, codex] = await two(s);
  const notes = async (): Promise<number> =>
    texts(await claude.parley("inbox", "--peek", "--json")).filter((text) =>
      text?.includes("waits for your claim"),
    ).length;
  const waitersAnnounced = async (times: number): Promise<void> => {
    while ((await notes()) < times) await Bun.sleep(20);
  };
  const wait = () => codex.parley("claim", "T", "--wait", "30s", "--json");

  await claude.parley("claim", "T");
  expect((await codex.parley("claim", "T", "--wait", "100ms")).exitCode).toBe(5);
  const released = wait();
  await waitersAnnounced(2);
  await claude.parley("release", "T");
  expect((await released).json().data.claim.session_id).toBe(codex.id);
  await codex.parley("release", "--all");

  await claude.parley("claim", "T", "--ttl", "200ms");
  expect((await wait()).exitCode).toBe(0);
  await codex.parley("release", "--all");

  await claude.parley("claim", "T");
  // The end of the lease may be noticed too late to be waited for.
  const before = await notes();
  const inherited = wait();
  await waitersAnnounced(before + 1);
  await claude.agent.kill();
  expect((await inherited).exitCode).toBe(0);
});

test("claiming again renews, and an expired claim conflicts with none", async () => {
  await using s = sandbox();
  const [claude, codex] = await two(s);
  const fence = async (): Promise<number> =>
    (await claude.parley("claim", "T", "--ttl", "3s", "--json")).json().data.claim.fence;
  expect(await fence()).toBe(await fence());
  expect((await codex.parley("task", "T", "--json")).json().data.conflicts).toHaveLength(1);
  await Bun.sleep(3100);
  expect((await codex.parley("conflicts", "--json")).json().data.conflicts).toEqual([]);
  await codex.parley("task", "--clear");
  expect((await codex.parley("task", "T", "--json")).json().data.conflicts).toEqual([]);
});

test("a task is one line of text, and exactly as it is written", async () => {
  await using s = sandbox();
  const [claude] = await two(s);
  for (const task of ["", " ", "a\nb", "x".repeat(201)]) {
    for (const words of [["claim"], ["task"], ["register", "--task-id"]]) {
      const refused = await claude.parley(...words, task, "--json");
      expect([refused.exitCode, refused.json().error.code]).toEqual([64, "invalid"]);
    }
  }
  await claude.parley("claim", "Überarbeitung #7");
  await claude.parley("claim", "t");
  await claude.parley("claim", "T");
  expect((await claimed(claude)).map(([task]) => task)).toEqual(["T", "t", "Überarbeitung #7"]);
});

test("messages reach the session that claims a task, holds a path, or has a name", async () => {
  await using s = sandbox();
  const [claude, codex] = await two(s);
  const kimi = await startSession(s, "kimi", {
    register: ["--name", "reviewer", "--project", "P"],
  });
  await claude.parley("claim", "T");
  await claude.parley("lock", "dir/a", "res:port/3000");
  await kimi.parley("lock", "dir/b");
  for (const [target, session] of [
    ["task:T", claude],
    [`holder:${s.dir}/dir/a/below`, claude],
    ["holder:res:port/3000", claude],
    ["reviewer", kimi],
  ] as const) {
    const [message] = (await codex.parley("message", target, "hello", "--json")).json().data
      .messages;
    expect(message.recipient_id).toBe(session.id);
  }
  const code = async (...words: string[]): Promise<[number, unknown]> => {
    const run = await codex.parley("message", ...words, "hello", "--json");
    return [run.exitCode, run.json().error?.details?.candidates?.toSorted()];
  };
  expect(await code("task:U")).toEqual([4, undefined]);
  expect(await code(`holder:${s.dir}/free`)).toEqual([4, undefined]);
  expect(await code(`holder:${s.dir}/dir`)).toEqual([64, [claude.id, kimi.id].toSorted()]);
  const all = await codex.parley("message", "--all", "hello", "--project", "P", "--json");
  expect(all.json().data.messages).toMatchObject([{ recipient_id: kimi.id }]);
});

test("a name means one session: it is no other session's name or id", async () => {
  await using s = sandbox();
  const [claude, codex] = await two(s);
  const call = (session: TestSession, ...options: string[]) =>
    session.parley("register", ...options, "--json");
  expect((await call(claude, "--name", "reviewer")).exitCode).toBe(0);
  for (const name of ["reviewer", claude.id]) {
    const refused = await call(codex, "--name", name);
    expect([refused.exitCode, refused.json().error.details.session_id]).toEqual([3, claude.id]);
  }
  const asId = await call(codex, "--session-id", "reviewer");
  expect([asId.exitCode, asId.json().error.code]).toEqual([3, "conflict"]);
  await claude.parley("unregister");
  expect((await call(codex, "--name", "reviewer")).exitCode).toBe(0);
  expect((await call(codex, "--name", codex.id)).exitCode).toBe(0);
});
