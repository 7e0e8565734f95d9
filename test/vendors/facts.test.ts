/** What parley takes for granted of these versions of the clients, shown by hooks that only record. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { claude } from "./drivers/claude";
import { codex } from "./drivers/codex";
import { isInstalled } from "./drivers/driver";
import { Sandbox } from "./sandbox";
import { recordHooks } from "./recorder";

const installed = [claude, codex].every(isInstalled);

describe.skipIf(!installed).each([claude, codex])("$name", (vendor) => {
  const context = (event: string, additionalContext: string) => ({
    hookSpecificOutput: { hookEventName: event, additionalContext },
  });
  const name = vendor.name as "claude" | "codex";

  test("tells its hooks one session id from start to end", async () => {
    await using sandbox = new Sandbox([vendor]);
    const hooks = recordHooks(sandbox, name);
    await vendor.trust(sandbox);
    sandbox.model(vendor).script("say hello", [{ text: "hello" }]);
    expect(await sandbox.prompt(vendor, "say hello")).toMatchObject({ exitCode: 0 });

    const [start] = hooks.heard("SessionStart");
    expect(start).toMatchObject({
      hook_event_name: "SessionStart",
      source: "startup",
      cwd: sandbox.work,
    });
    const id = start.session_id;
    expect(hooks.heard("UserPromptSubmit")).toMatchObject([
      { session_id: id, prompt: "say hello" },
    ]);
    expect(hooks.heard("Stop")).toMatchObject([
      { session_id: id, stop_hook_active: false, last_assistant_message: "hello" },
    ]);
    expect(hooks.heard("SessionEnd")).toMatchObject([{ session_id: id }]);
  });

  test("shows the model what its hooks add at the start, with the prompt and around a tool", async () => {
    await using sandbox = new Sandbox([vendor]);
    const hooks = recordHooks(sandbox, name);
    await vendor.trust(sandbox);
    const added = ["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse"];
    for (const event of added) hooks.say(event, context(event, `added at ${event}`));
    const model = sandbox.model(vendor);
    model.script("run it", [vendor.shell("echo ran"), { text: "done" }]);
    await sandbox.prompt(vendor, "run it");

    const [first, second] = model.of("run it").map(({ messages }) => JSON.stringify(messages));
    expect(first).toContain("added at SessionStart");
    expect(first).toContain("added at UserPromptSubmit");
    expect(first).not.toContain("added at PreToolUse");
    expect(second).toContain("added at PreToolUse");
    expect(second).toContain("added at PostToolUse");
  });

  test("leaves a file alone when its hook denies the edit, and gives the model the reason", async () => {
    await using sandbox = new Sandbox([vendor]);
    const hooks = recordHooks(sandbox, name);
    await vendor.trust(sandbox);
    hooks.say("PreToolUse", {
      hookSpecificOutput: {
        hookEventName: "PreToolUse",
        permissionDecision: "deny",
        permissionDecisionReason: "somebody holds it",
      },
    });
    const file = sandbox.file("a.txt", "alpha\n");
    const model = sandbox.model(vendor);
    model.script("edit it", [...vendor.edit(file, "alpha", "beta"), { text: "done" }]);
    await sandbox.prompt(vendor, "edit it");

    expect(readFileSync(file, "utf8")).toBe("alpha\n");
    const results = model
      .of("edit it")
      .at(-1)!
      .messages.filter(({ role }) => role === "tool");
    expect(results.at(-1)!.text).toContain("somebody holds it");

    hooks.say("PreToolUse", {});
    model.script("edit it again", [...vendor.edit(file, "alpha", "beta"), { text: "done" }]);
    await sandbox.prompt(vendor, "edit it again");
    expect(readFileSync(file, "utf8")).toBe("beta\n");
  });
});

test.skipIf(!installed)("Codex skips hooks that are not trusted, without a message", async () => {
  await using sandbox = new Sandbox([codex]);
  const hooks = recordHooks(sandbox, "codex");
  sandbox.model(codex).script("say hello", [{ text: "hello" }]);
  expect(await sandbox.prompt(codex, "say hello")).toMatchObject({
    exitCode: 0,
    stdout: "hello\n",
  });
  expect(hooks.heard("SessionStart")).toEqual([]);
});

test.skipIf(!installed)(
  "two terminals of Codex share one daemon, and tell their hooks different session ids",
  async () => {
    await using sandbox = new Sandbox([codex]);
    const hooks = recordHooks(sandbox, "codex");
    await codex.trust(sandbox);
    const model = sandbox.model(codex);
    for (const prompt of ["first terminal", "second terminal"]) {
      model.script(prompt, [codex.shell("echo ran"), { text: "done" }]);
      const screen = await sandbox.terminal(codex);
      await screen.submit(prompt);
      await model.asked(prompt, 2);
    }
    const ids = hooks.heard("SessionStart").map(({ session_id }) => session_id);
    expect(new Set(ids).size).toBe(2);
  },
);
