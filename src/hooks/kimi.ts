import type { EventKind, HookAnswer, HookEvent, HookVendor, Payload } from "./event";
import { common, object, text } from "./payload";
import { filesOfCommand } from "./patch";

const kinds: Record<string, EventKind> = {
  SessionStart: "start",
  UserPromptSubmit: "prompt",
  PreToolUse: "before-tool",
  PermissionRequest: "permission",
  PostToolUse: "after-tool",
  Stop: "stop",
  StopFailure: "interrupted",
  Interrupt: "interrupted",
  SessionEnd: "end",
};

/**
 * Kimi Code: payloads and answers as seen in 2.1.0. Its model hears of a hook only with a prompt, at the end of a turn, and
 * why a tool was refused.
 */
export const kimi: HookVendor = {
  name: "kimi",
  deafAt: ["start", "after-tool"],
  endsUntold: true,
  read(name, payload) {
    const kind = kinds[name];
    return kind ? { ...common(name, payload), files: editedFiles(payload), kind } : null;
  },
  write,
};

function editedFiles(payload: Payload): string[] {
  const { path, command } = object(payload["tool_input"]);
  switch (payload["tool_name"]) {
    case "Edit":
    case "Write":
      return [text(path)].filter((each) => each !== null);
    case "Bash":
      return typeof command === "string" ? filesOfCommand(command) : [];
    default:
      return [];
  }
}

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
