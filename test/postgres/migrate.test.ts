/** Copying a bus, once and again. */
import { afterEach, describe, expect, test } from "bun:test";

import { type Agent, sandbox } from "../support";
import { freshSchema, onServer, server } from "../server";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function target(): Promise<string> {
  const { url, drop } = freshSchema();
  cleanups.push(drop);
  return url;
}

/** A home with two sessions, a conversation, a lock and a claim. */
async function home() {
  const box = sandbox();
  cleanups.push(() => box.cleanup());
  const [claude, codex] = [await box.startAgent("claude"), await box.startAgent("codex")];
  const say = async (agent: Agent, ...words: string[]): Promise<void> => {
    const run = await agent.run(["parley", ...words]);
    if (run.exitCode !== 0) throw new Error(run.stderr);
  };
  await say(claude, "register");
  await say(codex, "register");
  await say(claude, "message", `codex-${codex.pid}`, "first");
  await say(codex, "inbox");
  await say(codex, "message", `claude-${claude.pid}`, "second");
  await say(codex, "lock", "/etc/hosts");
  await say(claude, "claim", "H.1");
  return { box, claude, codex };
}

const why = server === null ? ": no server" : "";
describe.skipIf(server === null)(`Migrating a bus to PostgreSQL${why}`, () => {
  test("takes sessions, mail with its states, locks and claims along, once however often", async () => {
    const { box, claude, codex } = await home();
    const url = await target();
    const migrate = async () =>
      (await box.parley(["migrate", "--from", box.db, "--to", url, "--json"])).json().data;
    const first = await migrate();
    expect(first.copied).toMatchObject({ sessions: 2, locks: 1, claims: 1 });
    expect(first.to).not.toContain("synchronous_commit");
    const again = await migrate();
    expect(again.copied).toEqual({ sessions: 0, messages: 0, locks: 0, claims: 0 });
    expect(again.present).toEqual(first.copied);

    const env = { PARLEY_DB: url };
    const on = async (agent: Agent, ...words: string[]) =>
      (await agent.run(["parley", ...words, "--json"], { env })).json().data;
    const sent = await on(claude, "message", "--sent");
    expect(sent.totals).toEqual({ pending: 0, delivered: 1, read: 0 });
    const { messages } = await on(claude, "inbox", "--channel", "coordination");
    expect(messages.map((each: { payload: { message: string } }) => each.payload.message)).toEqual([
      "second",
    ]);
    const { locks, claims } = await on(claude, "status", "--locks", "--claims");
    expect([locks[0].session_id, claims[0].session_id]).toEqual([
      `codex-${codex.pid}`,
      `claude-${claude.pid}`,
    ]);
    // What has come since is taken along the next time.
    await claude.run(["parley", "message", `codex-${codex.pid}`, "third"]);
    expect((await migrate()).copied).toMatchObject({ sessions: 0, messages: 1 });
  });

  test("takes along what has been said of loops", async () => {
    const { box, claude, codex } = await home();
    const env = { PARLEY_LOOP_LIMIT: "2" };
    await claude.run(["parley", "message", `codex-${codex.pid}`, "third"], { env });
    const { alerts } = (await box.parley(["status", "--alerts", "--json"])).json().data;
    const loop = alerts.find(
      (each: { message_type: string }) => each.message_type === "message_loop",
    );
    const words = ["conflicts", "--acknowledge", `${loop.id}`, "--as", "operator"];
    expect((await box.parley(words)).exitCode).toBe(0);
    const url = await target();
    for (const _ of [1, 2]) await box.parley(["migrate", "--from", box.db, "--to", url]);
    const schema = new URL(url).searchParams.get("schema");
    const rows = await onServer(async (sql) => sql.unsafe(`select * from ${schema}.message_loops`));
    const [one, other] = [`claude-${claude.pid}`, `codex-${codex.pid}`];
    expect([...rows]).toEqual([{ one, other, closed_at: expect.any(String) }]);
  });

  test("of two machines' buses keeps apart what has the same names and numbers", async () => {
    const [one, other] = [await home(), await home()];
    const url = await target();
    for (const { box } of [one, other]) {
      const run = await box.parley(["migrate", "--from", box.db, "--to", url, "--json"]);
      expect(run.json().data.copied).toMatchObject({ sessions: 2, locks: 1 });
    }
    const { sessions } = (
      await one.box.parley(["status", "--no-log", "--json"], { env: { PARLEY_DB: url } })
    ).json().data;
    expect(sessions.length).toBe(4);
  });

  test("refuses any other direction, a missing database and a missing server", async () => {
    await using box = sandbox();
    const url = await target();
    const code = async (...words: string[]) => (await box.parley(["migrate", ...words])).exitCode;
    expect(await code("--from", url, "--to", "x.db")).toBe(64);
    expect(await code("--from", "x.db")).toBe(64);
    const missing = await box.parley(["migrate", "--from", "nothing.db", "--to", url]);
    expect([missing.exitCode, missing.stderr]).toEqual([4, expect.stringContaining("--from")]);
    await box.parley(["register", "--llm", "claude"]);
    expect(await code("--from", box.db, "--to", "postgres://me@127.0.0.1:1/none")).toBe(6);
  });
});
