/** What the human is to be shown, as it comes. */
import type { Alert } from "./alert";
import type { Bus } from "./bus";
import { openInbox } from "./inbox";
import { type Message, operatorId } from "./message";
import { openWaitLoop } from "./wait-loop";

/** Alerts from this priority on concern the human at once. */
const critical = 3;
/** Most of each that one look brings. */
const batch = 50;
/** A reservation that is given up without a word, by a killed reader, is noticed after so many milliseconds. */
const intervalMs = 1000;

export interface OperatorNews {
  message: Message;
  /** To be called once the bytes have reached a reader. */
  onShown: () => Promise<void>;
  /** To be called where they have not. */
  onDropped: () => Promise<void>;
}

/**
 * What the human is to be onShown: the operator's mail, and critical alerts; what waits already, then what comes. An alert
 * that names another session comes again.
 */
export async function* operatorNews(
  bus: Bus,
  { duration, signal }: { duration: number | null; signal: AbortSignal },
): AsyncGenerator<OperatorNews> {
  const until = duration === null ? Number.POSITIVE_INFINITY : bus.clock.now() + duration;
  // Anybody's `status` says that an alert was shown. What was shown here alone is known here alone.
  const known = new Set<string>();
  const key = ({ id, expires_at }: Message): string => `${id} ${expires_at}`;
  const alerts = async (): Promise<Alert[]> =>
    (await bus.store.alerts(batch, bus.clock.now())).filter(({ priority }) => priority >= critical);
  for (const alert of await alerts()) if (alert.status !== "pending") known.add(key(alert));
  const waiting = await openWaitLoop(bus, { mail: "all", signal });
  try {
    while (!signal.aborted) {
      const news = await waiting.next({ until, intervalMs: intervalMs }, look);
      if (news === null) return;
      yield* news;
    }
  } finally {
    await waiting.stop();
  }

  async function look(): Promise<OperatorNews[] | null> {
    const query = { channel: null, limit: batch, peek: bus.store.readOnly !== null, again: true };
    const inbox = await openInbox(
      bus,
      { id: operatorId, record: null },
      { ...query, fresh_from: 0 },
    );
    const letters = inbox.result.messages
      .filter((message) => !known.has(key(message)))
      .map((message) => ({
        message,
        onShown: () => inbox.onShown("watch", [message.id]),
        onDropped: inbox.onDropped,
      }));
    // What nobody could read is left to another reader.
    if (letters.length === 0) await inbox.onDropped();
    const fresh = (await alerts()).filter((alert) => !known.has(key(alert)));
    for (const each of [...fresh, ...letters.map(({ message }) => message)]) known.add(key(each));
    const warnings = fresh.map((message) => ({
      message,
      onShown: async () => {
        if (!bus.store.readOnly) await bus.store.markAlertsDelivered([message.id], bus.clock.now());
      },
      onDropped: async () => {},
    }));
    if (letters.length === batch) waiting.lookAgain();
    const news = [...warnings, ...letters];
    return news.length > 0 ? news : null;
  }
}
