/** What each vendor gives its hooks on stdin, as its clients were seen to, with paths of the story. */

type Fields = Record<string, unknown>;

const conversations: Record<string, string> = {
  claude: "4301b1c2-7f4e-4c0a-9a51-0d8f6c1e2a3b",
  codex: "01a1f886-3c5d-7b21-9f10-5f3f9f0f7a11",
  gemini: "34b9c1d2-7f4e-4c0a-9a51-0d8f6c1e2a3b",
  kimi: "session_34b9c1d2",
  opencode: "ses_e03eac416ffeD4KA4xOUBa9qbY",
  generic: "conversation-1",
};

const common: Record<string, Fields> = {
  claude: { transcript_path: "/home/you/.claude/projects/x.jsonl", permission_mode: "acceptEdits" },
  codex: { model: "gpt-5.5", permission_mode: "bypassPermissions", turn_id: "turn-1" },
  gemini: { timestamp: "2026-01-20T10:43:29.140Z" },
  kimi: { client_type: "kimi_code_cli" },
  opencode: { model: "anthropic/claude-sonnet-4-5" },
  generic: { vendor: "mytool", model: "m-1" },
};

/** An edit of a file, as this vendor's tool does it. */
const edit = (vendor: string, file: string): Fields =>
  ({
    claude: { tool_name: "Edit", tool_input: { file_path: file, old_string: "a" } },
    codex: {
      tool_name: "apply_patch",
      tool_input: {
        command: `*** Begin Patch\n*** Update File: ${file}\n@@\n-a\n+b\n*** End Patch`,
      },
    },
    gemini: { tool_name: "replace", tool_input: { file_path: file, old_string: "a" } },
    kimi: { tool_name: "Edit", tool_input: { path: file, old_string: "a" } },
    opencode: { tool_name: "edit", tool_input: { filePath: file, oldString: "a" } },
    generic: { tool: { name: "edit", paths: [file] } },
  })[vendor] ?? {};

/** A line of shell. */
export const shell = (vendor: string, command: string): Fields =>
  vendor === "generic"
    ? { tool: { name: "shell", command } }
    : { tool_name: vendor === "opencode" ? "bash" : "Bash", tool_input: { command } };

interface Turn {
  start: string;
  prompt: string;
  before: string;
  permission: [name: string, more: Fields];
  after: string;
  stop: string;
  end: [name: string, more: Fields];
  /** Events that not all vendors have. */
  others: [name: string, more: Fields][];
}

const asClaude = {
  start: "SessionStart",
  prompt: "UserPromptSubmit",
  before: "PreToolUse",
  after: "PostToolUse",
  stop: "Stop",
};

export const turns: Record<string, Turn> = {
  claude: {
    ...asClaude,
    permission: ["Notification", { notification_type: "permission_prompt", message: "allow?" }],
    end: ["SessionEnd", { reason: "other" }],
    others: [
      ["PermissionRequest", shell("claude", "make")],
      ["Notification", { notification_type: "idle_prompt" }],
      ["SubagentStop", { agent_id: "a1" }],
      ["SessionEnd", { reason: "clear" }],
      ["SessionStart", { source: "clear" }],
    ],
  },
  codex: {
    ...asClaude,
    permission: ["PermissionRequest", shell("codex", "make")],
    end: ["SessionEnd", { reason: "other" }],
    others: [["SessionStart", { source: "resume" }]],
  },
  gemini: {
    ...{ start: "SessionStart", prompt: "BeforeAgent", before: "BeforeTool", after: "AfterTool" },
    stop: "AfterAgent",
    permission: ["Notification", { notification_type: "ToolPermission" }],
    end: ["SessionEnd", { reason: "exit" }],
    others: [["SessionEnd", { reason: "clear" }]],
  },
  kimi: {
    ...asClaude,
    permission: ["PermissionRequest", edit("kimi", "a.txt")],
    end: ["SessionEnd", { reason: "exit" }],
    others: [
      ["Interrupt", { reason: "cancelled" }],
      ["StopFailure", { error_type: "APIError" }],
    ],
  },
  opencode: {
    ...{ start: "session.start", prompt: "chat.message", before: "tool.execute.before" },
    ...{ after: "tool.execute.after", stop: "session.idle" },
    permission: ["permission.asked", {}],
    end: ["session.deleted", {}],
    others: [
      ["session.beat", {}],
      ["session.error", {}],
      ["dispose", {}],
    ],
  },
  generic: {
    ...{ start: "start", prompt: "prompt", before: "before_tool", after: "after_tool" },
    stop: "stop",
    permission: ["permission", {}],
    end: ["end", { reason: "done" }],
    others: [
      ["waiting", {}],
      ["stop", { background: true }],
      ["prompt", { subagent: true }],
    ],
  },
};

/** The whole payload of an event. `file`: an edit of it. */
export function payload(
  vendor: string,
  event: string,
  cwd: string,
  { file, ...more }: Fields & { file?: string } = {},
): string {
  return JSON.stringify({
    session_id: conversations[vendor],
    cwd,
    [vendor === "generic" ? "event" : "hook_event_name"]: event,
    ...common[vendor],
    ...(file === undefined ? {} : edit(vendor, file)),
    ...more,
  });
}
