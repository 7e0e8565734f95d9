/** OpenCode: how it is recognized, continued and woken. */
import { join } from "node:path";

import type { AgentDefinition } from "../definition";
import { opencodeWaker } from "./wake";

export const opencode: AgentDefinition = {
  name: "opencode",
  programs: ["opencode", "opencode-ai"],
  // It keeps every conversation that its user begins.
  isSharedHost: () => true,
  environment: {
    signs: ["OPENCODE"],
    // Our plugin sets it.
    conversation: ["OPENCODE_SESSION_ID"],
    pid: "OPENCODE_PID",
  },
  model: {
    options: ["--model", "-m"],
    file: (home) => join(home, ".config", "opencode", "opencode.json"),
    key: ["model"],
  },
  resume: { command: "opencode --session", id: /^ses_[0-9A-Za-z]{8,64}$/ },
  waker: opencodeWaker,
  hooks: async () => (await import("./hooks")).opencode,
  setup: async () => (await import("./setup")).opencode,
};
