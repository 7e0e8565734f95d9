import type { Bus } from "./bus";
import { type Actor, momentNow } from "./caller";
import type { InboxResult, ReadResult } from "./message";

export interface InboxQuery {
  channel: string | null;
  limit: number;
  peek: boolean;
  /** See `InboxRequest`. */
  again?: boolean;
}

/** An opened inbox: what to show, and how to say that it was shown. */
export interface OpenedInbox {
  result: InboxResult;
  /** To be called once the bytes have reached a reader; until then the messages stay pending. */
  shown: (how: string) => Promise<void>;
  /** To be called where nobody could read them: who asks next is shown them at once. */
  unshown: () => Promise<void>;
}

/** Reserves unread messages for the one showing that the caller is about to do. */
export async function openInbox(bus: Bus, actor: Actor, query: InboxQuery): Promise<OpenedInbox> {
  const moment = momentNow(bus);
  const result = await bus.store.openInbox({ mailbox: actor.id, ...query }, moment);
  const pending = result.messages
    .filter((message) => message.status === "pending")
    .map((message) => message.id);
  const reserved = !query.peek && !bus.store.readOnly && pending.length > 0;
  return {
    result,
    shown: async (how) => {
      if (!reserved) return;
      const changed = await bus.store.markDelivered(actor.id, pending, how, bus.clock.now());
      ringSenders(bus, result, changed);
    },
    unshown: async () => {
      if (reserved) await bus.store.releaseInbox(actor.id, pending, moment.at);
    },
  };
}

/** Senders that wait for a state of their message hear of the change. */
function ringSenders(bus: Bus, result: InboxResult, changed: readonly number[]): void {
  const ids = new Set(changed);
  bus.wake.ring(
    result.messages.filter((message) => ids.has(message.id)).map((message) => message.sender_id),
  );
}

/** Marks messages read: those ids, or with null all unread ones. Throws `not_found` for an id of another mailbox. */
export async function read(bus: Bus, actor: Actor, ids: number[] | null): Promise<ReadResult> {
  const changed = await bus.store.markRead(actor.id, ids, momentNow(bus));
  bus.wake.ring([]);
  return { read: changed };
}
