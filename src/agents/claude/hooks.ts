/** Claude Code's payloads and answers. */
import { join } from "node:path";

import type { EventKind, HookAnswer, HookEvent, VendorHooks, Payload } from "../../hooks/event";
import { common, text, type Tools } from "../../hooks/payload";

/** By their names in Claude Code and in Codex. */
export const tools: Tools = {
  Edit: ["file_path", "path"],
  Write: ["file_path", "path"],
  MultiEdit: ["file_path", "path"],
  NotebookEdit: ["notebook_path", "path"],
  apply_patch: ["command", "patch"],
  Bash: ["command", "line"],
};

/** Claude Code: payloads and answers as seen in 2.1.329. It ignores keys it does not know. */
export const claude: VendorHooks = {
  name: "claude",
  events: {
    SessionStart: "start",
    UserPromptSubmit: "prompt",
    PreToolUse: "before-tool",
    PostToolUse: "after-tool",
    PermissionRequest: "permission",
    Notification: "other",
    Stop: "stop",
    SessionEnd: "end",
  },
  home: (env) => env["CLAUDE_CONFIG_DIR"] || (env["HOME"] ? join(env["HOME"], ".claude") : null),
  read(event, payload) {
    return common({ ...event, kind: refined(event.kind, payload) }, payload, tools);
  },
  write,
};

function refined(kind: EventKind, payload: Payload): EventKind {
  if (kind === "other") {
    const type = text(payload["notification_type"]);
    if (type === "permission_prompt" || type === "elicitation_dialog") return "permission";
    return type === "idle_prompt" ? "waiting" : "other";
  }
  // `/clear` and `/resume` end a conversation, not the session: its process goes on with another one.
  const goesOn = payload["reason"] === "clear" || payload["reason"] === "resume";
  return kind === "end" && goesOn ? "switch" : kind;
}

/** What its model is shown: `additionalContext` inside `hookSpecificOutput`; at the end of a turn it makes it go on. */
function write({ name }: HookEvent, answer: HookAnswer): object | null {
  switch (answer.say) {
    case "context":
    case "continue":
      return { hookSpecificOutput: { hookEventName: name, additionalContext: answer.text } };
    case "deny":
      return {
        hookSpecificOutput: {
          hookEventName: name,
          permissionDecision: "deny",
          permissionDecisionReason: answer.reason,
        },
      };
    default:
      return null;
  }
}
