/** Claude Code: how it is recognized, continued and woken. */
import { join } from "node:path";

import { type AgentDefinition, uuid } from "../definition";
import { claudeWaker } from "./wake";

export const claude: AgentDefinition = {
  name: "claude",
  programs: ["claude", "@anthropic-ai/claude-code"],
  environment: {
    signs: ["CLAUDECODE"],
    conversation: ["CLAUDE_CODE_SESSION_ID"],
    pid: "CLAUDE_PID",
  },
  model: {
    options: ["--model"],
    variable: "ANTHROPIC_MODEL",
    file: (home, env) => join(env["CLAUDE_CONFIG_DIR"] || join(home, ".claude"), "settings.json"),
    key: ["model"],
  },
  shortModel(model) {
    const found = /^claude-([a-z]+)-(\d{1,2})(?:-(\d{1,2}))?(?:-\d{8})?(\[\w+\])?$/.exec(model);
    if (!found) return null;
    const [, family, major, minor, context = ""] = found;
    return `${family}-${major}${minor === undefined ? "" : `.${minor}`}${context}`;
  },
  resume: { command: "claude --resume", id: uuid },
  waker: claudeWaker,
  hooks: async () => (await import("./hooks")).claude,
  setup: async () => (await import("./setup")).claude,
};
