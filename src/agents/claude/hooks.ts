/** Claude Code's hooks: its payloads, and the answers that it takes. */
import type { EventKind, Payload, VendorHooks } from "../../hooks/event";
import { common, text, type Tools } from "../../hooks/payload";
import { claudeHome } from "./wake";

/** By the names of tools in Claude Code and in Codex. */
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
  home: claudeHome,
  read: (event, payload) =>
    common({ ...event, kind: refined(event.kind, payload) }, payload, tools),
  // Its model is shown `additionalContext` inside `hookSpecificOutput`; at the end of a turn that makes the turn go on.
  write: ({ name: hookEventName }, { say, text: answer }) => ({
    hookSpecificOutput:
      say === "deny"
        ? { hookEventName, permissionDecision: "deny", permissionDecisionReason: answer }
        : { hookEventName, additionalContext: answer },
  }),
};

function refined(kind: EventKind, payload: Payload): EventKind {
  if (kind === "other") {
    const type = text(payload["notification_type"]);
    if (type === "permission_prompt" || type === "elicitation_dialog") return "permission";
    return type === "idle_prompt" ? "waiting" : "other";
  }
  // `/clear` and `/resume` end a conversation and not the session: its process goes on with another conversation.
  const goesOn = payload["reason"] === "clear" || payload["reason"] === "resume";
  return kind === "end" && goesOn ? "switch" : kind;
}
