/** Codex's hooks: its payloads, and the answers that it takes. */
import { claude, tools } from "../claude/hooks";
import type { VendorHooks } from "../../hooks/event";
import { common } from "../../hooks/payload";
import { codexHome } from "./wake";

/** As seen in 0.169.0. One key that it does not know voids the whole output, so an edit that was to be refused goes through. */
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
  home: codexHome,
  read: (event, payload) => common(event, payload, tools),
  // At the end of a turn it takes `decision` and `reason`, and fails for anything else; before that, Claude's answers.
  write: (event, answer) =>
    answer.say === "continue"
      ? { decision: "block", reason: answer.text }
      : claude.write(event, answer),
};
