/** A subscription: hands messages to a handler, one after the other. */
import type { Bus } from "../bus/bus";
import type { Actor } from "../bus/caller";
import type { Message } from "../bus/message";
import { watch } from "../bus/publish";

/** Called with one message after the other; the next waits until a promise that it returns is settled. */
export type Handler = (message: Message) => unknown;

export interface SubscribeOptions {
  /** Continues after this id; otherwise from now on. */
  sinceId?: number;
  /** Whose mail comes too; otherwise the session of this bus. */
  sessionId?: string;
  /** Called with the error of the handler or of the database that ended the subscription; otherwise it is thrown. */
  onError?: (error: unknown) => void;
}

export interface Subscription {
  channels: string[];
  since: number;
  handler: Handler;
  signal: AbortSignal;
}

/**
 * Hands over messages until the signal. Mail is `delivered` once its handler has returned: a message that a crash
 * interrupts comes again.
 */
export async function deliver(
  bus: Bus,
  actor: Actor | null,
  { channels, since, handler, signal }: Subscription,
): Promise<void> {
  const query = { channels, all: false, since, duration: null, signal };
  const ended = endOf(signal);
  for await (const { message, onShown } of watch(bus, actor, query)) {
    if (signal.aborted) return;
    const handled = (async () => handler(message))().then(() => true);
    // A handler that closes the bus would otherwise wait for itself.
    if (!(await Promise.race([handled, ended]))) return;
    await onShown();
  }
}

/** Resolves one turn after the signal, so that a handler that ends its subscription and returns has handled its message. */
const endOf = (signal: AbortSignal): Promise<false> =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => setTimeout(() => resolve(false), 0), { once: true });
  });
