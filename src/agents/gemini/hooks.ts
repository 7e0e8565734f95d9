/** Gemini CLI's hooks: its payloads, and the answers that it takes. */
import type { EventKind, Payload, VendorHooks } from "../../hooks/event";
import { common, type Tools } from "../../hooks/payload";

const tools: Tools = {
  replace: ["file_path", "path"],
  write_file: ["file_path", "path"],
  run_shell_command: ["command", "line"],
};

/** Gemini CLI: payloads and answers as seen in 0.61.0. It ignores keys that it does not know, and answers in Claude Code's form. */
export const gemini: VendorHooks = {
  name: "gemini",
  events: {
    SessionStart: "start",
    BeforeAgent: "prompt",
    BeforeTool: "before-tool",
    AfterTool: "after-tool",
    Notification: "other",
    AfterAgent: "stop",
    SessionEnd: "end",
  },
  // A text at the start is put before the prompt of `gemini -p`, so a slash command there would no longer be one.
  ignoresContextAt: ["start"],
  read: (event, payload) =>
    common({ ...event, kind: refined(event.kind, payload) }, payload, tools),
  // Its model is shown `additionalContext` with a prompt and after a tool, and the reason of a denial before a tool and at the
  // end of a turn, where the denial makes the turn go on. Before a tool, any other text is shown to its user alone.
  write({ name: hookEventName, kind }, { say, text }) {
    if (say !== "context") return { decision: "deny", reason: text };
    return kind === "before-tool"
      ? { systemMessage: text }
      : { hookSpecificOutput: { hookEventName, additionalContext: text } };
  },
};

function refined(kind: EventKind, payload: Payload): EventKind {
  if (kind === "other") {
    return payload["notification_type"] === "ToolPermission" ? "permission" : "other";
  }
  // `/clear` ends a conversation and not the session: its process goes on with another conversation.
  return kind === "end" && payload["reason"] === "clear" ? "switch" : kind;
}
