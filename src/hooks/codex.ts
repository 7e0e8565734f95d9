import { join } from "node:path";

import type { EventKind, HookAnswer, HookEvent, HookVendor } from "./event";
import { common, editedFiles } from "./payload";

const kinds: Record<string, EventKind> = {
  SessionStart: "start",
  UserPromptSubmit: "prompt",
  PreToolUse: "before-tool",
  PermissionRequest: "permission",
  PostToolUse: "after-tool",
  Stop: "stop",
  SessionEnd: "end",
};

/**
 * Codex: payloads and answers as seen in 0.169.0. One key that it does not know voids the whole output, and lets an edit
 * through that was to be refused.
 */
export const codex: HookVendor = {
  name: "codex",
  home: (env) => env["CODEX_HOME"] || (env["HOME"] ? join(env["HOME"], ".codex") : null),
  read(name, payload) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    return kind ? { ...common(name, payload), files: editedFiles(payload), kind } : null;
  },
  write,
};

/** At the end of a turn it takes `decision` and `reason`, and fails for anything else. */
function write({ name }: HookEvent, answer: HookAnswer): object | null {
  switch (answer.say) {
    case "context":
      return { hookSpecificOutput: { hookEventName: name, additionalContext: answer.text } };
    case "continue":
      return { decision: "block", reason: answer.text };
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
