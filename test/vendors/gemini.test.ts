/** What parley takes for granted of Gemini CLI, and what is Gemini's alone. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { isInstalled } from "./drivers/driver";
import { gemini } from "./drivers/gemini";
import { until } from "./model/model";
import { Sandbox } from "./sandbox";
import { recordHooks } from "./recorder";

const story = test.skipIf(!isInstalled(gemini));

const context = (event: string, additionalContext: string) => ({
  hookSpecificOutput: { hookEventName: event, additionalContext },
});

story("Gemini tells its hooks one session id from start to end", async () => {
  await using sandbox = new Sandbox([gemini]);
  const hooks = recordHooks(sandbox, "gemini");
  sandbox.model(gemini).script("say hello", [{ text: "hello" }]);
  expect(await sandbox.prompt(gemini, "say hello")).toMatchObject({
    exitCode: 0,
    stdout: "hello\n",
  });

  const [start] = hooks.heard("SessionStart");
  expect(start).toMatchObject({ source: "startup", cwd: sandbox.work });
  const { session_id } = start;
  expect(hooks.heard("BeforeAgent")).toMatchObject([{ session_id, prompt: "say hello" }]);
  expect(hooks.heard("AfterAgent")).toMatchObject([
    { session_id, prompt_response: "hello", stop_hook_active: false },
  ]);
  expect(hooks.heard("SessionEnd")).toMatchObject([{ session_id, reason: "exit" }]);
});

story(
  "Gemini shows its model what is added at the start, with a prompt and after a tool",
  async () => {
    await using sandbox = new Sandbox([gemini]);
    const hooks = recordHooks(sandbox, "gemini");
    for (const event of ["SessionStart", "BeforeAgent", "AfterTool"]) {
      hooks.say(event, context(event, `added at ${event}`));
    }
    const warning = {
      ...context("BeforeTool", "added at BeforeTool"),
      systemMessage: "for the user",
    };
    hooks.say("BeforeTool", warning);
    const model = sandbox.model(gemini);
    model.script("run it", [gemini.shell("echo ran"), { text: "done" }]);
    const { stdout, stderr } = await sandbox.prompt(gemini, "run it");

    const [first, second] = model.of("run it").map(({ messages }) => JSON.stringify(messages));
    expect(first).toContain("added at SessionStart");
    expect(first).toContain("added at BeforeAgent");
    expect(second).toContain("added at AfterTool");
    expect(second).not.toContain("added at BeforeTool");
    expect(second).not.toContain("for the user");
    expect(stdout + stderr).toContain("for the user");
  },
);

story("Gemini leaves a file alone when its hook denies the edit in Gemini's words", async () => {
  await using sandbox = new Sandbox([gemini]);
  const hooks = recordHooks(sandbox, "gemini");
  const file = sandbox.file("a.txt", "alpha\n");
  const model = sandbox.model(gemini);
  hooks.say("BeforeTool", { decision: "deny", reason: "somebody holds it" });
  model.script("edit it", [...gemini.edit(file, "alpha", "beta"), { text: "done" }]);
  await sandbox.prompt(gemini, "edit it");
  expect(readFileSync(file, "utf8")).toBe("alpha\n");
  expect(model.of("edit it").at(-1)!.messages.at(-1)).toMatchObject({
    role: "tool",
    text: expect.stringContaining("somebody holds it"),
  });
  expect(hooks.heard("BeforeTool")).toMatchObject([
    { tool_name: "replace", tool_input: { file_path: file } },
  ]);

  // Claude's words are none of Gemini's.
  hooks.say("BeforeTool", {
    hookSpecificOutput: { hookEventName: "BeforeTool", permissionDecision: "deny" },
  });
  model.script("edit it again", [...gemini.edit(file, "alpha", "beta"), { text: "done" }]);
  await sandbox.prompt(gemini, "edit it again");
  expect(readFileSync(file, "utf8")).toBe("beta\n");
});

story("Gemini goes on at the end of a turn with the reason of a denial, and says so", async () => {
  await using sandbox = new Sandbox([gemini]);
  const hooks = recordHooks(sandbox, "gemini");
  hooks.say("AfterAgent", { decision: "deny", reason: "one thing more" });
  const model = sandbox.model(gemini);
  model.script("say hello", [
    { text: "hello" },
    async () => {
      hooks.say("AfterAgent", {});
      return { text: "goodbye" };
    },
  ]);
  await sandbox.prompt(gemini, "say hello");
  const [, second] = model.of("say hello");
  expect(second!.messages.at(-1)).toMatchObject({ role: "user", text: "one thing more" });
  expect(hooks.heard("AfterAgent")).toMatchObject([
    { stop_hook_active: false },
    { stop_hook_active: true },
  ]);
});

story("the slash command of Gemini tells its model to run parley", async () => {
  await using sandbox = new Sandbox([gemini]);
  await sandbox.setUp();
  const model = sandbox.model(gemini);
  model.script("Then show the user", [{ text: "well" }]);
  await sandbox.prompt(gemini, "/session-status --locks");
  const [asked] = model.of("Then show the user");
  expect(asked!.messages.map(({ text }) => text).join("\n")).toMatch(/parley'? status[^]*--locks/);
});

story("a terminal of Gemini joins at its start and leaves when it is quit", async () => {
  await using sandbox = new Sandbox([gemini]);
  await sandbox.setUp();
  const model = sandbox.model(gemini);
  model.script("say hello", [{ text: "hello there" }]);
  const screen = await sandbox.terminal(gemini);
  await screen.submit("say hello");
  const asked = await model.asked("say hello", 1);
  const told = asked.messages.map(({ text }) => text).join("\n");
  expect(told).toContain("parley: this session is gemini-");
  await until("the answer on the screen", () => screen.text().includes("hello there"));
  expect((await sandbox.ask("status")).sessions).toHaveLength(1);
  await screen.submit("/quit");
  await screen.ended;
  const { sessions, lifecycle } = await sandbox.ask("status");
  expect(sessions).toEqual([]);
  expect(lifecycle[0]).toMatchObject({ event: "ended", reason: "session ended: exit" });
});
