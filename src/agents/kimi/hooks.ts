/** Kimi Code's hooks: its payloads, and the answers that it takes. */
import type { HookAnswer, HookEvent, VendorHooks } from "../../hooks/event";
import { common, type Tools } from "../../hooks/payload";

const tools: Tools = {
  Edit: ["path", "path"],
  Write: ["path", "path"],
  Bash: ["command", "line"],
};

/**
 * Kimi Code: payloads and answers as seen in 2.1.0. Its model is shown a hook's text only with a prompt, at the end of a
 * turn, and as the reason why a tool was refused.
 */
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
  write,
};

/** `message` is shown to its user too. A denial at the end of a turn makes it go on, with the reason. */
function write({ kind }: HookEvent, answer: HookAnswer): object | null {
  switch (answer.say) {
    case "context":
      return kind === "prompt" ? { message: answer.text } : null;
    case "continue":
      return denial(answer.text);
    case "deny":
      return denial(answer.reason);
    default:
      return null;
  }
}

const denial = (reason: string): object => ({
  hookSpecificOutput: { permissionDecision: "deny", permissionDecisionReason: reason },
});
