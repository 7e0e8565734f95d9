/** What parley takes for granted of Kimi Code, and what is Kimi's alone. */
import { expect, test } from "bun:test";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { isInstalled } from "./drivers/driver";
import { kimi } from "./drivers/kimi";
import { type Body, type Recorded, until } from "./model/model";
import { Sandbox } from "./sandbox";
import { recordHooks } from "./recorder";

const story = test.skipIf(!isInstalled(kimi));

const denial = (reason: string) => ({
  hookSpecificOutput: { permissionDecision: "deny", permissionDecisionReason: reason },
});
const text = ({ messages }: Recorded): string => messages.map((each) => each.text).join("\n");

story(
  "Kimi tells its hooks one session id, and no end of a session without a terminal",
  async () => {
    await using sandbox = new Sandbox([kimi]);
    const hooks = recordHooks(sandbox, "kimi");
    sandbox.model(kimi).script("say hello", [{ text: "hello" }]);
    expect(await sandbox.prompt(kimi, "say hello")).toMatchObject({ exitCode: 0 });
    const [start] = hooks.heard("SessionStart");
    expect(start).toMatchObject({ source: "startup", cwd: sandbox.work });
    const { session_id } = start;
    expect(hooks.heard("UserPromptSubmit")).toMatchObject([
      { session_id, prompt: [{ type: "text", text: "say hello" }], is_steer: false },
    ]);
    expect(hooks.heard("Stop")).toMatchObject([{ session_id, stop_hook_active: false }]);
    expect(hooks.heard("SessionEnd")).toEqual([]);
  },
);

story("Kimi shows its model what is added with a prompt, and nothing of other events", async () => {
  await using sandbox = new Sandbox([kimi]);
  const hooks = recordHooks(sandbox, "kimi");
  const events = ["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"];
  for (const event of events) hooks.say(event, { message: `added at ${event}` });
  const model = sandbox.model(kimi);
  model.script("run it", [kimi.shell("echo first"), kimi.shell("echo second"), { text: "done" }]);
  await sandbox.prompt(kimi, "run it");
  const asked = model.of("run it").map(text);
  expect(asked).toHaveLength(3);
  expect(asked[0]).toContain("added at UserPromptSubmit");
  expect(asked[2]!.match(/added at \w+/g)).toEqual(["added at UserPromptSubmit"]);
  expect(hooks.heard("PostToolUse").length).toBeGreaterThan(0);
});

story(
  "Kimi leaves a file alone when its hook denies the edit, and gives the model the reason",
  async () => {
    await using sandbox = new Sandbox([kimi]);
    const hooks = recordHooks(sandbox, "kimi");
    const file = sandbox.file("a.txt", "alpha\n");
    const model = sandbox.model(kimi);
    hooks.say("PreToolUse", denial("somebody holds it"));
    model.script("write it", [
      { calls: [{ tool: "Write", input: { path: file, content: "beta\n" } }] },
      { text: "done" },
    ]);
    await sandbox.prompt(kimi, "write it");
    expect(readFileSync(file, "utf8")).toBe("alpha\n");
    expect(text(model.of("write it").at(-1)!)).toContain("somebody holds it");
    expect(hooks.heard("PreToolUse")).toMatchObject([
      { tool_name: "Write", tool_input: { path: file } },
    ]);
  },
);

story("Kimi goes on once at the end of a turn, and tells no end of what follows", async () => {
  await using sandbox = new Sandbox([kimi]);
  const hooks = recordHooks(sandbox, "kimi");
  hooks.say("Stop", denial("one thing more"));
  const model = sandbox.model(kimi);
  model.script("say hello", [{ text: "hello" }, { text: "goodbye" }]);
  await sandbox.prompt(kimi, "say hello");
  expect(model.of("say hello")).toHaveLength(2);
  expect(text(model.of("say hello")[1]!)).toContain("one thing more");
  expect(hooks.heard("Stop")).toHaveLength(1);
});

story("one key that Kimi does not know switches all hooks off, which doctor says", async () => {
  await using sandbox = new Sandbox([kimi]);
  await sandbox.setUp();
  const finding = async () =>
    (await sandbox.ask("doctor")).findings.find(({ check }: Body) => check === "kimi.trust");
  expect(await finding()).toMatchObject({ status: "ok" });
  const table = '\n[[hooks]]\nevent = "Stop"\ncommand = "true"\nfail_mode = "open"\n';
  appendFileSync(join(sandbox.home, ".kimi-code/config.toml"), table);
  expect(await finding()).toMatchObject({
    status: "error",
    message: expect.stringContaining('"fail_mode"'),
  });
  const model = sandbox.model(kimi);
  model.script("say hello", [{ text: "hello" }]);
  await sandbox.prompt(kimi, "say hello");
  expect(text(model.of("say hello")[0]!)).not.toContain("parley: this session is");
});

story(
  "a terminal of Kimi joins with its first prompt, knows the skills, and leaves when it is quit",
  async () => {
    await using sandbox = new Sandbox([kimi]);
    await sandbox.setUp();
    const model = sandbox.model(kimi);
    model.script("say hello", [{ text: "hello there" }]);
    model.script("Then show the user", [{ text: "that is all" }]);
    const screen = await sandbox.terminal(kimi);
    await screen.submit("say hello");
    const asked = await model.asked("say hello", 1);
    expect(text(asked)).toContain("parley: this session is kimi-");
    expect((await sandbox.ask("status")).sessions).toHaveLength(1);
    await until("the answer on the screen", () => screen.text().includes("hello there"));
    await screen.submit("/session-status --locks");
    const skill = await model.asked("Then show the user", 1);
    expect(text(skill)).toMatch(/parley'? status[^]*--locks/);
    await until("the answer on the screen", () => screen.text().includes("that is all"));
    await screen.submit("/exit");
    await screen.ended;
    const { sessions, lifecycle } = await sandbox.ask("status");
    expect(sessions).toEqual([]);
    expect(lifecycle[0]).toMatchObject({
      event: "ended",
      reason: expect.stringMatching(/^session ended/),
    });
  },
);
