/** Kimi Code: how it is recognized and continued. */
import { join } from "node:path";

import type { AgentDefinition } from "../definition";

/** It sets no variable for its children. */
export const kimi: AgentDefinition = {
  name: "kimi",
  programs: ["kimi", "kimi-code", "kimi-cli", "@moonshot-ai/kimi-code", "kimi_cli"],
  model: {
    options: ["--model", "-m"],
    variable: "KIMI_MODEL_NAME",
    file: (home) => join(home, ".kimi-code", "config.toml"),
    key: ["default_model"],
  },
  shortModel: (model) => /^kimi-(k\d.*)$/.exec(model)?.[1] ?? null,
  resume: { command: "kimi --session", id: /^session_[0-9a-f-]{8,64}$/ },
  noMidTurnContext: true,
  hooks: async () => (await import("./hooks")).kimi,
  setup: async () => (await import("./setup")).kimi,
};
