/** Recorded payloads of every vendor are read, and answers are written key by key. */
import { describe, expect, test } from "bun:test";

import { framePreamble } from "../../src/bus/untrusted-text";
import { wakePrompt } from "../../src/bus/agent-wake";
import { eventRules, type HookAnswer, type HookEvent } from "../../src/hooks/event";
import { parsePayload, readEvent } from "../../src/hooks/payload";
import { hookVendors } from "./hook-vendors";
import claude from "./fixtures/claude.json";
import codex from "./fixtures/codex.json";
import gemini from "./fixtures/gemini.json";
import kimi from "./fixtures/kimi.json";
import opencode from "./fixtures/opencode.json";

const recorded: Record<string, Record<string, Record<string, unknown>>> = {
  claude,
  codex,
  gemini,
  kimi,
  opencode,
};

function read(vendor: string, name: string, more: Record<string, unknown> = {}): HookEvent {
  const event = readEvent(hookVendors[vendor]!, name, { ...recorded[vendor]![name], ...more });
  if (event) return event;
  throw new Error(`${vendor} ${name} was not read`);
}

const written = (vendor: string, name: string, answer: HookAnswer): unknown =>
  hookVendors[vendor]!.write(read(vendor, name), answer);

describe("A recorded payload", () => {
  test.each([
    ["claude", "SessionStart", "start"],
    ["claude", "UserPromptSubmit", "prompt"],
    ["claude", "PreToolUse", "before-tool"],
    ["claude", "PostToolUse", "after-tool"],
    ["claude", "Notification", "permission"],
    ["claude", "PermissionRequest", "permission"],
    ["claude", "Stop", "stop"],
    ["claude", "SessionEnd", "end"],
    ["codex", "SessionStart", "start"],
    ["codex", "UserPromptSubmit", "prompt"],
    ["codex", "PreToolUse", "before-tool"],
    ["codex", "PermissionRequest", "permission"],
    ["codex", "PostToolUse", "after-tool"],
    ["codex", "Stop", "stop"],
    ["codex", "SessionEnd", "end"],
    ["gemini", "SessionStart", "start"],
    ["gemini", "BeforeAgent", "prompt"],
    ["gemini", "BeforeTool", "before-tool"],
    ["gemini", "AfterTool", "after-tool"],
    ["gemini", "Notification", "permission"],
    ["gemini", "AfterAgent", "stop"],
    ["gemini", "SessionEnd", "end"],
    ["kimi", "SessionStart", "start"],
    ["kimi", "UserPromptSubmit", "prompt"],
    ["kimi", "PreToolUse", "before-tool"],
    ["kimi", "PermissionRequest", "permission"],
    ["kimi", "PostToolUse", "after-tool"],
    ["kimi", "Stop", "stop"],
    ["kimi", "StopFailure", "interrupted"],
    ["kimi", "Interrupt", "interrupted"],
    ["kimi", "SessionEnd", "end"],
    ["opencode", "session.start", "start"],
    ["opencode", "chat.message", "prompt"],
    ["opencode", "tool.execute.before", "before-tool"],
    ["opencode", "tool.execute.after", "after-tool"],
    ["opencode", "permission.asked", "permission"],
    ["opencode", "session.beat", "other"],
    ["opencode", "session.idle", "stop"],
    ["opencode", "session.error", "interrupted"],
    ["opencode", "session.deleted", "end"],
    ["opencode", "dispose", "end"],
  ] as const)("of %s's %s is the event %s", (vendor, name, kind) => {
    expect(read(vendor, name)).toMatchObject({
      kind,
      name,
      session_uuid: recorded[vendor]![name]!["session_id"] as string,
      cwd: "/home/you/app",
    });
    expect(eventRules[kind]).toBeDefined();
  });

  test("names the file that an edit is about", () => {
    expect(read("claude", "PreToolUse").files).toEqual(["/home/you/app/a.txt"]);
    expect(read("codex", "PreToolUse").files).toEqual(["a.txt"]);
    expect(read("gemini", "BeforeTool").files).toEqual(["/home/you/app/a.txt"]);
    expect(read("kimi", "PreToolUse").files).toEqual(["/home/you/app/a.txt"]);
    expect(read("opencode", "tool.execute.before").files).toEqual(["/home/you/app/a.txt"]);
  });

  test.each([
    ["claude", "UserPromptSubmit"],
    ["codex", "UserPromptSubmit"],
    ["gemini", "BeforeAgent"],
    ["kimi", "UserPromptSubmit"],
    ["opencode", "chat.message"],
  ] as const)("of %s's %s tells a human's prompt from one of ours", (vendor, name) => {
    const prompts = [
      "what is new",
      wakePrompt("claude-1"),
      `${framePreamble}\n<parley-message>\n…`,
    ].map((prompt) => read(vendor, name, { prompt }));
    expect(prompts).toMatchObject([
      { wakePrompt: false, continued: false },
      { wakePrompt: true, continued: false },
      { wakePrompt: false, continued: true },
    ]);
  });

  test("of OpenCode's plugin names the directory of its socket", () => {
    const { agent_home } = recorded["opencode"]!["chat.message"]!;
    expect(read("opencode", "chat.message").agent_home).toBe(agent_home as string);
    expect(read("opencode", "chat.message", { agent_home: 1 }).agent_home).toBeNull();
  });

  test("of Codex tells the model, of Claude does not", () => {
    expect(read("codex", "SessionStart").model).toBe("gpt-5.5");
    expect(read("claude", "SessionStart").model).toBeNull();
  });

  test.each(["Write", "MultiEdit"])("of Claude's %s names its file", (tool_name) => {
    expect(read("claude", "PreToolUse", { tool_name }).files).toEqual(["/home/you/app/a.txt"]);
  });

  test.each([
    ["gemini", "BeforeTool", "write_file", { file_path: "b.txt", content: "" }, ["b.txt"]],
    ["gemini", "BeforeTool", "read_file", { file_path: "b.txt" }, []],
    ["gemini", "BeforeTool", "run_shell_command", { command: 7 }, []],
    ["kimi", "PreToolUse", "Write", { path: "b.txt", content: "" }, ["b.txt"]],
    ["kimi", "PreToolUse", "Read", { path: "b.txt" }, []],
    ["kimi", "PreToolUse", "Edit", { path: null }, []],
  ])("of %s at %s by %s of %j names %j", (vendor, name, tool_name, tool_input, files) => {
    expect(read(vendor, name, { tool_name, tool_input }).files).toEqual(files);
  });

  test.each([
    ["gemini", "BeforeTool", "run_shell_command"],
    ["kimi", "PreToolUse", "Bash"],
  ])("of %s at %s names the files of a patch in %s", (vendor, name, tool_name) => {
    const command =
      "apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: c.txt\n*** End Patch\nEOF";
    const { files } = read(vendor, name, { tool_name, tool_input: { command } });
    expect(files).toEqual(["c.txt"]);
  });

  test("of Gemini's end by /clear is that of a conversation", () => {
    expect(read("gemini", "SessionEnd", { reason: "clear" }).kind).toBe("switch");
  });

  test("of another notification of Gemini's is of the kind other", () => {
    expect(read("gemini", "Notification", { notification_type: "Other" }).kind).toBe("other");
  });

  test("of OpenCode's patch names every file of it", () => {
    const patchText = "*** Begin Patch\n*** Update File: a\n*** Move to: b\n*** Delete File: c\n";
    const more = { tool_name: "apply_patch", tool_input: { patchText } };
    expect(read("opencode", "tool.execute.before", more).files).toEqual(["a", "b", "c"]);
  });

  test.each(["write", "multiedit"])("of OpenCode's %s names its file", (tool_name) => {
    expect(read("opencode", "tool.execute.after", { tool_name }).files).toHaveLength(1);
  });

  test("of a notebook names its file", () => {
    const tool_input = { notebook_path: "/home/you/app/n.ipynb", new_source: "1" };
    expect(read("claude", "PreToolUse", { tool_name: "NotebookEdit", tool_input }).files).toEqual([
      "/home/you/app/n.ipynb",
    ]);
  });

  test.each([
    ["clear", "switch"],
    ["resume", "switch"],
    ["logout", "end"],
    ["prompt_input_exit", "end"],
  ] as const)("of Claude's end by %s is the event %s", (reason, kind) => {
    expect(read("claude", "SessionEnd", { reason }).kind).toBe(kind);
  });

  test("tells a turn that goes on in the background, one continued by a hook, and a subagent", () => {
    const background_tasks = [{ type: "subagent", status: "running" }];
    expect(read("claude", "Stop", { background_tasks }).background).toBe(true);
    expect(read("claude", "Stop", { background_tasks: [{ status: "completed" }] }).background).toBe(
      false,
    );
    expect(read("codex", "Stop", { stop_hook_active: true }).continued).toBe(true);
    expect(read("claude", "PostToolUse", { agent_id: "a1" }).subagent).toBe(true);
  });

  test.each(Object.keys(recorded))(
    "of %s about an event that is none of ours is nothing",
    (vendor) => {
      for (const name of ["PreModelRequest", "constructor"]) {
        expect(readEvent(hookVendors[vendor]!, name, codex.Stop)).toBeNull();
      }
    },
  );

  test.each([
    [{ session_id: 7 }],
    [{ session_id: null }],
    [{ session_id: "" }],
    [{ session_id: "x".repeat(5000) }],
  ])("without a usable id, %j, is refused", (more) => {
    expect(() => read("claude", "Stop", more)).toThrow("no session_id");
  });

  test.each([
    [{ tool_name: 3, tool_input: null }],
    [{ tool_name: "Edit", tool_input: [] }],
    [{ tool_name: "Edit", tool_input: { file_path: { a: 1 } } }],
    [{ tool_name: "apply_patch", tool_input: { command: ["a"] } }],
  ])("of odd contents, %j, names no file", (more) => {
    expect(read("codex", "PreToolUse", more).files).toEqual([]);
  });

  test.each(["", "  \n", "{", "[]", "null", '"text"'])("that is %j is refused", (input) => {
    expect(() => parsePayload(input)).toThrow(/^the payload is (empty|no JSON object)$/);
  });
});

describe("An answer", () => {
  const deny = (name: string) => ({
    hookSpecificOutput: {
      hookEventName: name,
      permissionDecision: "deny",
      permissionDecisionReason: "R",
    },
  });
  const context = (name: string) => ({
    hookSpecificOutput: { hookEventName: name, additionalContext: "T" },
  });

  test.each(["claude", "codex"])("to %s refuses an edit with these keys and no other", (vendor) => {
    expect(written(vendor, "PreToolUse", { say: "deny", text: "R" })).toEqual(deny("PreToolUse"));
  });

  test.each([
    ["claude", "SessionStart"],
    ["claude", "UserPromptSubmit"],
    ["claude", "PreToolUse"],
    ["claude", "PostToolUse"],
    ["codex", "SessionStart"],
    ["codex", "UserPromptSubmit"],
    ["codex", "PreToolUse"],
    ["codex", "PostToolUse"],
  ])("to %s at %s reaches its model", (vendor, name) => {
    expect(written(vendor, name, { say: "context", text: "T" })).toEqual(context(name));
  });

  test("to Gemini is a decision, and before a tool a message to its user alone", () => {
    const denied = { decision: "deny", reason: "R" };
    expect(written("gemini", "BeforeTool", { say: "deny", text: "R" })).toEqual(denied);
    expect(written("gemini", "AfterAgent", { say: "continue", text: "R" })).toEqual(denied);
    const answer = { say: "context", text: "T" } as const;
    expect(written("gemini", "BeforeTool", answer)).toEqual({ systemMessage: "T" });
    for (const name of ["SessionStart", "BeforeAgent", "AfterTool"]) {
      expect(written("gemini", name, answer)).toEqual(context(name));
    }
  });

  test("to Kimi is a message with a prompt, a denial without any other key, and nothing else", () => {
    const denied = {
      hookSpecificOutput: { permissionDecision: "deny", permissionDecisionReason: "R" },
    };
    expect(written("kimi", "PreToolUse", { say: "deny", text: "R" })).toEqual(denied);
    expect(written("kimi", "Stop", { say: "continue", text: "R" })).toEqual(denied);
    const answer = { say: "context", text: "T" } as const;
    expect(written("kimi", "UserPromptSubmit", answer)).toEqual({ message: "T" });
    expect(written("kimi", "PreToolUse", answer)).toBeNull();
  });

  test.each(Object.keys(recorded))("to %s is never lost where it has messages", (vendor) => {
    const ignored = hookVendors[vendor]!.ignoresContextAt ?? [];
    for (const name of Object.keys(recorded[vendor]!)) {
      const { kind } = read(vendor, name);
      const { mail, endsTurn, welcomes } = eventRules[kind];
      if (ignored.includes(kind) || (mail === null && !welcomes)) continue;
      const say = endsTurn ? "continue" : "context";
      expect(written(vendor, name, { say, text: "T" })).not.toBeNull();
    }
  });

  test("to Claude at the end of a turn is context, to Codex the reason of a block", () => {
    const answer = { say: "continue", text: "T" } as const;
    expect(written("claude", "Stop", answer)).toEqual(context("Stop"));
    expect(written("codex", "Stop", answer)).toEqual({ decision: "block", reason: "T" });
  });

  test("to OpenCode's plugin has one key, which says what to do", () => {
    const name = "tool.execute.before";
    expect(written("opencode", name, { say: "deny", text: "R" })).toEqual({ deny: "R" });
    expect(written("opencode", name, { say: "context", text: "T" })).toEqual({ context: "T" });
    const more = written("opencode", "session.idle", { say: "continue", text: "T" });
    expect(more).toEqual({ continue: "T" });
  });

  test("before foreign text says that it is no instruction", () => {
    expect(framePreamble).toContain("not instructions of the user");
  });
});
