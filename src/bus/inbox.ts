/** `inbox` and `read`: opens a mailbox, waits for mail, marks messages as read. */
import type { Bus } from "./bus";
import { type Actor, livenessNow } from "./caller";
import { ParleyError } from "./errors";
import type { InboxRequest, InboxResult, Message, ReadResult } from "./message";
import { waitFor } from "./wait-loop";

export type InboxQuery = Omit<InboxRequest, "mailbox">;

/** An opened inbox: the messages to show, and the callbacks for whether they were shown. */
export interface OpenedInbox {
  result: InboxResult;
  /** To be called once the bytes have reached a reader; until then the messages stay pending. `ids`: only these were shown. */
  onShown: (how: string, ids?: readonly number[]) => Promise<void>;
  /** To be called where the output could not be read: the next reader is shown the messages at once. */
  onDropped: () => Promise<void>;
}

/** Reserves unread messages for the caller, which is about to show them. */
export async function openInbox(bus: Bus, actor: Actor, query: InboxQuery): Promise<OpenedInbox> {
  const liveness = livenessNow(bus);
  const result = await bus.store.openInbox({ mailbox: actor.id, ...query }, liveness);
  const pending = result.messages
    .filter((message) => message.status === "pending")
    .map((message) => message.id);
  const reserved = !query.peek && !bus.store.readOnly && pending.length > 0;
  return {
    result,
    onShown: async (how, ids = pending) => {
      if (!reserved) return;
      const changed = new Set(await bus.store.markDelivered(actor.id, ids, how, bus.clock.now()));
      const seen = result.messages.filter(({ id }) => changed.has(id));
      notifySenders(bus, seen);
    },
    onDropped: async () => {
      if (reserved) await bus.store.releaseInbox(actor.id, pending, liveness.now);
    },
  };
}

/** Milliseconds between two checks without a change signal: a killed reader gives up its reservation silently. */
const intervalMs = 1000;

/** Waits for a pending message that is not reserved; throws `timeout`. Only peeks meanwhile: a write would wake all that wait. */
export async function awaitInbox(
  bus: Bus,
  actor: Actor,
  query: InboxQuery,
  wait: number,
): Promise<OpenedInbox> {
  const pending = ({ messages }: InboxResult): boolean =>
    messages.some((message) => message.status === "pending");
  const limits = { until: bus.clock.now() + wait, mail: { to: actor.id }, intervalMs };
  const found = await waitFor(bus, limits, async () => {
    const peek = { mailbox: actor.id, channel: query.channel, limit: 1, peek: true };
    if (!pending(await bus.store.openInbox(peek, livenessNow(bus)))) return null;
    const opened = await openInbox(bus, actor, query);
    return pending(opened.result) ? opened : null;
  });
  if (found) return found;
  throw new ParleyError("timeout", `No message came for ${actor.id}`, {
    hint: "wait longer, or look at the messages shown before with parley inbox",
    details: { session_id: actor.id },
  });
}

/** Notifies the senders, which may be waiting for the state of their messages. */
const notifySenders = (bus: Bus, messages: Message[]): void =>
  bus.changeSignal.notify([...new Set(messages.map((message) => message.sender_id))]);

/** Marks messages read: those ids, or with null all unread ones. Throws `not_found` for an id of another mailbox. */
export async function read(bus: Bus, actor: Actor, ids: number[] | null): Promise<ReadResult> {
  const changed = await bus.store.markRead(actor.id, ids, livenessNow(bus));
  if (changed.length > 0) notifySenders(bus, await bus.store.messages(changed));
  return { read: changed };
}
