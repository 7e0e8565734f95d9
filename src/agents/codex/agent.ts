/** Codex: how it is recognized, continued and woken. */
import { join } from "node:path";

import { asObject } from "../../bus/json";
import type { AgentDefinition } from "../definition";
import { codexWaker } from "./wake";

/** Codex numbers its threads with UUIDs of version 7. An id that parley made up for want of a conversation id is none. */
const threadId = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}$/;

export const codex: AgentDefinition = {
  name: "codex",
  programs: ["codex", "@openai/codex"],
  wrappers: ["codex-linux-sandbox", "codex-linux-san"],
  // It serves its terminal clients and editors from one process.
  isSharedHost: (argv) => argv.includes("app-server"),
  environment: {
    signs: [
      ...["CODEX_THREAD_ID", "CODEX_SESSION_ID", "CODEX_SANDBOX"],
      ...["CODEX_SANDBOX_NETWORK_DISABLED", "CODEX_CI"],
    ],
    conversation: ["CODEX_SESSION_ID", "CODEX_THREAD_ID"],
  },
  model: {
    options: ["--model", "-m"],
    variable: "CODEX_MODEL",
    file: (home, env) => join(env["CODEX_HOME"] || join(home, ".codex"), "config.toml"),
    key: ["model"],
  },
  resume: { command: "codex resume", id: threadId },
  waker: codexWaker,
  host: {
    // A session whose conversation is not known is none of the threads.
    canAnswer: ({ session_uuid }) => session_uuid !== null && threadId.test(session_uuid),
    ask: async (...question) => (await import("./daemon")).askDaemons(...question),
  },
  // Its daemon serves several sessions at a time, so every call names its conversation.
  conversationIn(meta) {
    const turn = asObject(meta["x-codex-turn-metadata"]);
    const id = turn?.["session_id"];
    return typeof id === "string" && id !== "" && id.length <= 128 ? id : null;
  },
  hooks: async () => (await import("./hooks")).codex,
  setup: async () => (await import("./setup")).codex,
  explainRefusal: async (...refusal) => (await import("./sandbox")).explainRefusal(...refusal),
};
