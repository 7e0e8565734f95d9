/** Codex's payloads and answers. */
import { join } from "node:path";

import { claude, tools } from "../claude/hooks";
import type { VendorHooks } from "../../hooks/event";
import { common } from "../../hooks/payload";

/**
 * Codex: payloads and answers as seen in 0.169.0. One key that it does not know voids the whole output, and lets an edit
 * through that was to be refused.
 */
export const codex: VendorHooks = {
  name: "codex",
  events: {
    SessionStart: "start",
    UserPromptSubmit: "prompt",
    PreToolUse: "before-tool",
    PermissionRequest: "permission",
    PostToolUse: "after-tool",
    Stop: "stop",
    SessionEnd: "end",
  },
  home: (env) => env["CODEX_HOME"] || (env["HOME"] ? join(env["HOME"], ".codex") : null),
  read: (event, payload) => common(event, payload, tools),
  // At the end of a turn it takes `decision` and `reason`, and fails for anything else; before, what Claude takes.
  write: (event, answer) =>
    answer.say === "continue"
      ? { decision: "block", reason: answer.text }
      : claude.write(event, answer),
};
