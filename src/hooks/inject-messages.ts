/** Puts waiting messages into a hook's answer, and marks them once the agent has it. */
import type { Bus } from "../bus/bus";
import { openInbox } from "../bus/inbox";
import { frameMessage, framePreamble } from "../bus/untrusted-text";
import type { Message } from "../bus/message";
import type { SessionRecord } from "../bus/session";
import type { EventRule } from "./event";

/** Characters of all bodies together: vendors cut longer texts, some in the middle. */
const charBudget = 1500;
/** Messages that are shown at all. */
const maxShown = 10;
/** Messages that are announced at once; the next event announces further ones. */
const maxAnnounced = 500;

export interface Injection {
  text: string;
  /** To be called once the bytes have reached the agent. */
  onShown(): Promise<void>;
  /** To be called where they have not. */
  onDropped(): Promise<void>;
}

/** Reserves the waiting messages, the most urgent first, and frames them; null where another hook has them. */
export async function injectMessages(
  bus: Bus,
  record: SessionRecord,
  { mail: from, endsTurn }: EventRule,
  how: string,
): Promise<Injection | null> {
  const query = {
    ...{ channel: null, limit: maxAnnounced, peek: false, again: true, fresh_from: from ?? 0 },
    // Messages of a session that is in a loop with this one do not make the turn go on, or it might never end.
    unlooped: endsTurn === true,
  };
  const inbox = await openInbox(bus, { id: record.session_id, record }, query);
  const { messages, remaining } = inbox.result;
  if (messages.length === 0) return null;
  const { frames, whole } = fitted(messages);
  const announced = messages.filter((message) => !whole.has(message.id)).map(({ id }) => id);
  const more = announced.length + remaining;
  const lines = [
    framePreamble,
    ...frames,
    ...(more > 0 ? [`${more} more: parley inbox (shows them whole)`] : []),
    `Answer with: parley message SESSION "…" --reply-to ID`,
  ];
  return {
    text: lines.join("\n"),
    onShown: async () => {
      // Announced first: the messages that are then still reserved were shown whole.
      if (announced.length > 0)
        await bus.store.markAnnounced(record.session_id, announced, bus.clock.now());
      if (whole.size > 0) await inbox.onShown(how, [...whole]);
    },
    onDropped: () => inbox.onDropped(),
  };
}

/** As many messages as fit, in their order, and the ids of those that are whole. */
function fitted(messages: readonly Message[]): { frames: string[]; whole: Set<number> } {
  const whole = new Set<number>();
  let left = charBudget;
  const frames = messages.slice(0, maxShown).map((message) => {
    const frame = frameMessage(message, left);
    left -= frame.shown;
    if (frame.whole) whole.add(message.id);
    return frame.text;
  });
  return { frames, whole };
}
