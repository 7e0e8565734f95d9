/** Codex: how it is recognized, continued and woken. */
import { dirname, join } from "node:path";

import { ParleyError } from "../../bus/errors";
import { asObject } from "../../bus/input";
import type { Environment } from "../../identity/known-agents";
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
  explainRefusal,
};

/**
 * Codex runs a session's shell commands in a sandbox that writes nowhere but in its workspace: an error for that says
 * so, and names the ways out. With `writable_roots` our directory may be allowed, so the variables of the sandbox prove
 * nothing without the refusal. Null for any other error.
 */
async function explainRefusal(error: ParleyError, env: Environment): Promise<ParleyError | null> {
  const { code, details } = error;
  const sandboxed = env["CODEX_SANDBOX"] || env["CODEX_SANDBOX_NETWORK_DISABLED"];
  const directory =
    details?.["directory"] ?? (details?.["database"] && dirname(String(details["database"])));
  if (code !== "not_permitted" || !sandboxed || typeof directory !== "string") return null;
  return new ParleyError(
    code,
    `Codex's sandbox does not let this command write below ${directory}`,
    {
      hint: `use the bus_… tools of parley mcp, or add ${JSON.stringify(directory)} to writable_roots below [sandbox_workspace_write] in Codex's config.toml`,
      details: { ...details, sandbox: "codex" },
      cause: error,
    },
  );
}
