/** Stories of hooks that do not follow Claude's format: Gemini CLI and Kimi Code. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join as pathOf } from "node:path";

import { type Run, sandbox, type Sandbox } from "../../support";
import { type HookedAgent, hookedAgent, startSession, sent } from "./agents";

type More = Record<string, unknown>;

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.cleanup());

const start = async (
  vendor: string,
  uuid: string,
  env?: Record<string, string>,
): Promise<HookedAgent> => hookedAgent(vendor, uuid, await box.startAgent(vendor), box.dir, env);

/** As Gemini calls them: among its variables is one of Claude's. */
const gemini = (uuid = "uuid-g"): Promise<HookedAgent> =>
  start("gemini", uuid, { GEMINI_SESSION_ID: uuid, CLAUDE_PROJECT_DIR: box.dir });
const kimi = (uuid = "session_k"): Promise<HookedAgent> => start("kimi", uuid);

const edits = {
  gemini: (file: string): More => ({ tool_name: "replace", tool_input: { file_path: file } }),
  kimi: (file: string): More => ({ tool_name: "Edit", tool_input: { path: file } }),
};

function expectSilence(run: Run): void {
  expect(run).toEqual(expect.objectContaining({ exitCode: 0, stdout: "", stderr: "" }));
}

// oxlint-disable-next-line typescript/no-explicit-any -- stories assert on parts of it
async function status(): Promise<any> {
  return (await box.parley(["status", "--no-log", "--json"])).json().data;
}

describe("Gemini", () => {
  test("joins in silence at its start, and is welcomed with its first prompt alone", async () => {
    const agent = await gemini();
    expectSilence(await agent.hook("SessionStart", { source: "startup" }));
    expect((await status()).sessions).toMatchObject([
      { session_id: agent.id, llm_vendor: "gemini", activity: { state: "idle" } },
    ]);
    const { hookSpecificOutput, ...rest } = (await agent.hook("BeforeAgent")).json();
    expect([hookSpecificOutput.hookEventName, rest]).toEqual(["BeforeAgent", {}]);
    expect(hookSpecificOutput.additionalContext).toContain(`this session is ${agent.id} `);
    expectSilence(await agent.hook("BeforeAgent"));
    expect((await status()).sessions).toMatchObject([
      { session_uuid: "uuid-g", activity: { state: "working" } },
    ]);
  });

  test("is refused an edit in its own words, and hears of urgent messages after a tool", async () => {
    const [one, other] = [await gemini("uuid-1"), await gemini("uuid-2")];
    expectSilence(await one.hook("BeforeTool", edits.gemini("a.txt")));
    const { decision, reason, ...rest } = (
      await other.hook("BeforeTool", edits.gemini(pathOf(box.dir, "a.txt")))
    ).json();
    expect([decision, rest]).toEqual(["deny", {}]);
    expect(reason).toContain(`held by session ${one.id}`);

    await other.agent.run(["parley", "message", one.id, "let go", "--priority", "2"]);
    const output = (await one.hook("AfterTool", edits.gemini("a.txt"))).json();
    expect(output.hookSpecificOutput.additionalContext).toContain("let go");
    expect((await status()).sessions[0].active_files).toEqual([pathOf(box.dir, "a.txt")]);
  });

  test("goes on once at the end of a turn", async () => {
    const writer = await startSession(box, "codex");
    const agent = await gemini();
    await agent.hook("BeforeAgent");
    await writer.parley("message", agent.id, "wait", "--priority", "3");
    expectSilence(await agent.hook("AfterAgent", { stop_hook_active: true }));
    const run = await agent.hook("AfterAgent", { stop_hook_active: false });
    expect(run.json()).toEqual({ decision: "deny", reason: expect.stringContaining("wait") });
    expect((await status()).sessions.at(-1).activity.state).toBe("working");
  });

  test("tells its user where an edit only meets a warning", async () => {
    const [one, other] = [await gemini("uuid-1"), await gemini("uuid-2")];
    await one.hook("BeforeTool", edits.gemini("a.txt"));
    const { exitCode } = await box.parley(["setup", "gemini", "--policy", "warn"]);
    expect(exitCode).toBe(0);
    const run = await other.hook("BeforeTool", edits.gemini("a.txt"));
    expect(run.json()).toEqual({ systemMessage: expect.stringContaining(one.id) });
  });

  test("ends once though it says so twice, and is another conversation after /clear", async () => {
    const agent = await gemini("uuid-1");
    await agent.hook("SessionStart", { source: "startup" });
    await agent.hook("BeforeAgent");
    await agent.agent.run(["parley", "claim", "G.1"]);
    expectSilence(await agent.hook("SessionEnd", { reason: "clear" }));
    const [next] = [{ session_id: "uuid-2" }];
    expectSilence(await agent.hook("SessionStart", { ...next, source: "clear" }));
    const welcome = (await agent.hook("BeforeAgent", next)).json();
    expect(welcome.hookSpecificOutput.additionalContext).toContain(agent.id);
    expect((await status()).sessions).toMatchObject([{ claimed_task: "G.1" }]);
    for (let n = 0; n < 2; n++)
      expectSilence(await agent.hook("SessionEnd", { ...next, reason: "exit" }));
    const { sessions, lifecycle } = await status();
    expect(sessions).toEqual([]);
    const events = lifecycle.map(({ event }: { event: string }) => event);
    expect(events).toEqual(["ended", "started"]);
  });
});

describe("Kimi", () => {
  test("joins in silence at its start, and is welcomed and given its mail with its first prompt", async () => {
    const writer = await startSession(box, "codex");
    const agent = await kimi();
    expectSilence(await agent.hook("SessionStart", { source: "startup", model: "k3" }));
    await writer.parley("message", agent.id, "hello");
    const { message, ...rest } = (await agent.hook("UserPromptSubmit")).json();
    expect(rest).toEqual({});
    expect(message).toContain(`this session is ${agent.id} `);
    expect(message).toContain(writer.id);
    expect(message).toContain("hello");
    expect(message).not.toContain("Unread messages");
    expect(await sent(writer)).toEqual(["hello: delivered"]);
    expectSilence(await agent.hook("UserPromptSubmit"));
  });

  test("hears of no message after a tool, but at the end of its turn, which is then over", async () => {
    const writer = await startSession(box, "codex");
    const agent = await kimi();
    await agent.hook("UserPromptSubmit");
    await writer.parley("message", agent.id, "wait", "--priority", "3");
    expectSilence(await agent.hook("PreToolUse", edits.kimi("a.txt")));
    expectSilence(await agent.hook("PostToolUse", edits.kimi("a.txt")));
    expect(await sent(writer)).toEqual(["wait: pending"]);
    const run = await agent.hook("Stop", { stop_hook_active: false });
    expect(run.json()).toEqual({
      hookSpecificOutput: {
        permissionDecision: "deny",
        permissionDecisionReason: expect.stringContaining("wait"),
      },
    });
    expect(await sent(writer)).toEqual(["wait: delivered"]);
    const { sessions } = await status();
    expect(sessions.at(-1)).toMatchObject({ activity: { state: "idle" }, file_locks: [] });
  });

  test.each(["Interrupt", "StopFailure"])(
    "is idle after %s, keeps no lease, and is not made to go on",
    async (event) => {
      const writer = await startSession(box, "codex");
      const agent = await kimi();
      await agent.hook("PreToolUse", edits.kimi("a.txt"));
      await writer.parley("message", agent.id, "wait", "--priority", "3");
      expectSilence(await agent.hook(event));
      expect((await status()).sessions.at(-1)).toMatchObject({
        activity: { state: "idle" },
        file_locks: [],
      });
      expect(await sent(writer)).toEqual(["wait: pending"]);
    },
  );

  test("is refused an edit by a denial with no key that another vendor would need", async () => {
    const [one, other] = [await gemini(), await kimi()];
    await one.hook("BeforeTool", edits.gemini("a.txt"));
    const { hookSpecificOutput, ...rest } = (
      await other.hook("PreToolUse", edits.kimi("a.txt"))
    ).json();
    expect(rest).toEqual({});
    expect(hookSpecificOutput).toEqual({
      permissionDecision: "deny",
      permissionDecisionReason: expect.stringContaining(`held by session ${one.id}`),
    });
  });
});
