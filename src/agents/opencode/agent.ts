/** OpenCode: how it is recognized and continued, and woken by a line at the socket of parley's plugin in it. */
import { join } from "node:path";

import type { SessionRecord } from "../../bus/session";
import { ownSocket, writeLine } from "../../agent-wake/socket";
import {
  type VendorWaker,
  wakeAccepted,
  type WakeAnswer,
  wakeFailed,
} from "../../agent-wake/vendor-waker";
import type { AgentDefinition } from "../definition";

/** Parley's plugin (seen in 1.18.33) listens in a directory that its payloads name, and begins a turn with the line. */
const opencodeWaker = (): VendorWaker => ({
  methodFor: (record) =>
    socketOf(record) === null ? null : { by: "opencode plugin", held: false },
  async wake(record, text, signal) {
    const socket = socketOf(record);
    if (socket === null) return wakeFailed("its plugin listens nowhere");
    const line = `${JSON.stringify({ session_id: record.session_uuid, text })}\n`;
    return answerIn(await writeLine(socket, line, { answered: true, signal }));
  },
});

const socketOf = ({ agent_home }: SessionRecord): string | null =>
  agent_home === null ? null : ownSocket(join(agent_home, "wake.sock"));

/** Throws for a text that is no JSON. */
function answerIn(text: string): WakeAnswer {
  const answer: unknown = JSON.parse(text || "null");
  if (typeof answer !== "object" || answer === null) return wakeFailed("its plugin gave no answer");
  return "error" in answer ? wakeFailed(String(answer.error).slice(0, 200)) : wakeAccepted;
}

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
