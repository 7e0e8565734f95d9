/** Waiting until a message has come so far. */
import type { Bus } from "./bus";
import { ParleyError } from "./errors";
import type { SendResult } from "./message";
import type { MessageState } from "./store";
import { waitFor } from "./wait-loop";

const reached: Record<"delivered" | "read" | "reply", (state: MessageState) => boolean> = {
  delivered: ({ status }) => status !== "pending",
  read: ({ status }) => status === "read",
  reply: ({ reply }) => reply !== null,
};

/** Waits until all messages that were sent have come so far. Throws `timeout`; they stay sent. */
export async function awaitState(
  bus: Bus,
  sent: SendResult,
  wanted: keyof typeof reached,
  timeout: number,
): Promise<SendResult> {
  const ids = sent.messages.map((message) => message.id);
  const sender = sent.messages[0]?.sender_id;
  const mail = sender === undefined ? null : { to: sender };
  let states: MessageState[] = [];
  const done = await waitFor(bus, { until: bus.clock.now() + timeout, mail }, async () => {
    states = await bus.store.messageStates(ids);
    return states.length === ids.length && states.every(reached[wanted]) ? states : null;
  });
  if (!done) {
    throw new ParleyError(
      "timeout",
      `Sent, but not ${wanted === "reply" ? "answered" : wanted} in time`,
      {
        hint: "see how it stands with parley message --sent --status",
        details: { messages: states },
      },
    );
  }
  const messages = await bus.store.messages(ids);
  if (wanted !== "reply") return { ...sent, messages };
  const replies = await bus.store.messages(done.flatMap(({ reply }) => reply ?? []));
  return { ...sent, messages, replies };
}
