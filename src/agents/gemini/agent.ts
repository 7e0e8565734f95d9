/** Gemini CLI: how it is recognized and continued. */
import { join } from "node:path";

import { type AgentDefinition, uuid } from "../definition";

export const gemini: AgentDefinition = {
  name: "gemini",
  programs: ["gemini", "@google/gemini-cli"],
  environment: {
    signs: ["GEMINI_CLI", "GEMINI_SESSION_ID"],
    conversation: ["GEMINI_SESSION_ID"],
  },
  model: {
    options: ["--model", "-m"],
    variable: "GEMINI_MODEL",
    file: (home) => join(home, ".gemini", "settings.json"),
    key: ["model", "name"],
  },
  shortModel: (model) => /^gemini-(\d.*)$/.exec(model)?.[1] ?? null,
  resume: { command: "gemini --resume", id: uuid },
  hooks: async () => (await import("./hooks")).gemini,
  setup: async () => (await import("./setup")).gemini,
};
