/** Kimi Code's hooks: its payloads, and the answers that it takes. */
import type { VendorHooks } from "../../hooks/event";
import { common, type Tools } from "../../hooks/payload";

const tools: Tools = {
  Edit: ["path", "path"],
  Write: ["path", "path"],
  Bash: ["command", "line"],
};

/** As seen in 2.1.0. Its model is shown a hook's text only with a prompt, at the end of a turn, and as the reason of a refusal. */
export const kimi: VendorHooks = {
  name: "kimi",
  events: {
    SessionStart: "start",
    UserPromptSubmit: "prompt",
    PreToolUse: "before-tool",
    PermissionRequest: "permission",
    PostToolUse: "after-tool",
    Stop: "stop",
    StopFailure: "interrupted",
    Interrupt: "interrupted",
    SessionEnd: "end",
  },
  ignoresContextAt: ["start", "after-tool"],
  noStopAfterContinue: true,
  read: (event, payload) => common(event, payload, tools),
  // `message` is shown to its user too. A denial at the end of a turn makes it go on, with the reason.
  write({ kind }, { say, text }) {
    if (say === "context") return kind === "prompt" ? { message: text } : null;
    return {
      hookSpecificOutput: { permissionDecision: "deny", permissionDecisionReason: text },
    };
  },
};
