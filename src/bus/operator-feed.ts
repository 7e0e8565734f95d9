/** The operator's feed: mail and critical alerts for the human, as they come. */
import type { Alert } from "./alert";
import type { Bus } from "./bus";
import { openInbox } from "./inbox";
import { type Message, operatorId } from "./message";
import { openWaitLoop } from "./wait-loop";

/** Alerts from this priority on are shown to the human at once. */
const criticalPriority = 3;
/** How many messages, and how many alerts, are read at once. */
const batchSize = 50;
/** Milliseconds between two checks without a change signal: a killed reader gives up its reservation silently. */
const intervalMs = 1000;

export interface OperatorNews {
  message: Message;
  /** To be called once the bytes have reached a reader. */
  onShown: () => Promise<void>;
  /** To be called where they could not be read. */
  onDropped: () => Promise<void>;
}

/**
 * Yields the operator's mail and critical alerts: those that wait already, then new ones. An alert comes again when it has
 * come to name another session.
 */
export async function* operatorNews(
  bus: Bus,
  { duration, signal }: { duration: number | null; signal: AbortSignal },
): AsyncGenerator<OperatorNews> {
  const until = duration === null ? Number.POSITIVE_INFINITY : bus.clock.now() + duration;
  // An alert that any `status` has shown is `delivered`; what this process has shown only it knows.
  const known = new Set<string>();
  const key = ({ id, expires_at }: Message): string => `${id} ${expires_at}`;
  const alerts = async (): Promise<Alert[]> =>
    (await bus.store.alerts(batchSize, bus.clock.now())).filter(
      ({ priority }) => priority >= criticalPriority,
    );
  for (const alert of await alerts()) if (alert.status !== "pending") known.add(key(alert));
  const loop = await openWaitLoop(bus, { mail: "all", signal });
  try {
    while (!signal.aborted) {
      const news = await loop.next({ until, intervalMs }, readNews);
      if (news === null) return;
      yield* news;
    }
  } finally {
    await loop.stop();
  }

  async function readNews(): Promise<OperatorNews[] | null> {
    const query = {
      channel: null,
      limit: batchSize,
      peek: bus.store.readOnly !== null,
      again: true,
    };
    const inbox = await openInbox(
      bus,
      { id: operatorId, record: null },
      { ...query, fresh_from: 0 },
    );
    const mail = inbox.result.messages
      .filter((message) => !known.has(key(message)))
      .map((message) => ({
        message,
        onShown: () => inbox.onShown("watch", [message.id]),
        onDropped: inbox.onDropped,
      }));
    // Mail that came before and could not be read is left to another reader.
    if (mail.length === 0) await inbox.onDropped();
    const fresh = (await alerts()).filter((alert) => !known.has(key(alert)));
    for (const each of [...fresh, ...mail.map(({ message }) => message)]) known.add(key(each));
    const warnings = fresh.map((message) => ({
      message,
      onShown: async () => {
        if (!bus.store.readOnly) await bus.store.markAlertsDelivered([message.id], bus.clock.now());
      },
      onDropped: async () => {},
    }));
    if (mail.length === batchSize) loop.checkAgain();
    const news = [...warnings, ...mail];
    return news.length > 0 ? news : null;
  }
}
