/** Wakes OpenCode by a line at the socket of parley's plugin in it. */
import { join } from "node:path";

import type { SessionRecord } from "../../bus/session";
import { ownSocket, writeLine } from "../../agent-wake/socket";
import {
  wakeAccepted,
  type WakeAnswer,
  wakeFailed,
  type VendorWaker,
} from "../../agent-wake/vendor-waker";

const by = "opencode plugin";

/**
 * Parley's plugin in OpenCode (seen in 1.18.33) listens at a socket in a directory of its own and begins a turn with the
 * line. The plugin names that directory in its payloads.
 */
export const opencodeWaker = (): VendorWaker => ({
  methodFor: (record) => (socketOf(record) === null ? null : { by, held: false }),
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
  if (text === "") return wakeFailed("its plugin gave no answer");
  const answer: unknown = JSON.parse(text);
  if (typeof answer !== "object" || answer === null) return wakeFailed("its plugin gave no answer");
  if (!("error" in answer)) return wakeAccepted;
  return wakeFailed(String(answer.error).slice(0, 200));
}
