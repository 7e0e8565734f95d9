/** The change signal of a PostgreSQL store: notices of the server, and polling. */
import { ParleyError } from "../bus/errors";
import type { Recipients, Subscription, Topic, Notices, ChangeSignal } from "../bus/change-signal";

export interface NoticeOptions {
  notices: Notices;
  /** False: polling alone. */
  listening: boolean;
  /** Milliseconds between two checks that do not depend on notices. */
  pollMilliseconds: number;
  /** The store's change counter; a check that finds it unchanged notifies no listener. */
  changeCount: () => Promise<number>;
}

interface Listener {
  mail: Topic;
  check(): Promise<void>;
  wake(): void;
}

/** Sends notices once the commit is answered, so that listeners see what was committed. `close` waits for those being sent. */
export function createNoticeSignal(
  options: NoticeOptions,
): ChangeSignal & { close(): Promise<void> } {
  const { notices, listening, pollMilliseconds } = options;
  const listeners = new Set<Listener>();
  const sending = new Set<Promise<void>>();
  let receiving: Promise<Receiver> | null = null;

  const onNotice = (recipients: Recipients): void => {
    for (const listener of listeners) if (concerns(recipients, listener.mail)) listener.wake();
  };
  const onMissed = (): void => {
    for (const listener of listeners) void listener.check();
  };
  /** Whether a notice to all is being sent, and whether another has to follow it. */
  let isSending = false;
  let again = false;
  const sendToAll = async (): Promise<void> => {
    again = true;
    if (isSending) return;
    isSending = true;
    while (again) {
      again = false;
      await notices.send("everyone");
    }
    isSending = false;
  };
  const send = (recipients: Recipients): void => {
    // A listener that gets no notice sees the change at its next check.
    const sent = (recipients === "everyone" ? sendToAll() : notices.send(recipients)).catch(() => {
      if (recipients === "everyone") isSending = false;
    });
    sending.add(sent);
    void sent.finally(() => sending.delete(sent));
  };

  return {
    notify: (recipients) => {
      // The listeners of this process get the notice from the server too.
      if (recipients.length > 0) send(recipients);
    },
    prune: () => {},
    listen: async (mail, onWake) => {
      if (listening) receiving ??= openReceiver(notices, onNotice, onMissed);
      const receiver = (await receiving) ?? { reason: "poll asked for", stop: async () => {} };
      const listener = await createListener(options, mail, onWake);
      listeners.add(listener);
      const poll = setInterval(() => void listener.check(), pollMilliseconds);
      return {
        source: describe(receiver, pollMilliseconds),
        stop: async () => {
          clearInterval(poll);
          listeners.delete(listener);
        },
      } satisfies Subscription;
    },
    close: async () => {
      while (sending.size > 0) await Promise.all(sending);
      await (await receiving)?.stop();
    },
  };
}

const concerns = (recipients: Recipients, mail: Topic): boolean =>
  recipients === "everyone" || mail === "all" || (mail !== null && recipients.includes(mail.to));

interface Receiver {
  /** Why no notices are received; null where they are. */
  reason: string | null;
  stop(): Promise<void>;
}

/** Never throws: where no notices can be received, the listeners poll. */
async function openReceiver(
  notices: Notices,
  onNotice: (recipients: Recipients) => void,
  onMissed: () => void,
): Promise<Receiver> {
  try {
    return { reason: null, stop: await notices.listen(onNotice, onMissed) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { reason: `no listening: ${reason}`, stop: async () => {} };
  }
}

/** No commit is missed that comes after this resolves, or before the listener's first check. */
async function createListener(
  { changeCount }: NoticeOptions,
  mail: Topic,
  onWake: Parameters<ChangeSignal["listen"]>[1],
): Promise<Listener> {
  let seen = await changeCount();
  let checking = false;
  return {
    mail,
    wake: () => onWake(null),
    check: async () => {
      if (checking) return;
      checking = true;
      try {
        const now = await changeCount();
        if (now === seen) return;
        seen = now;
        onWake(null);
      } catch (error) {
        // A server that is away comes back; any other error is reported by the listener's own check.
        if (!(error instanceof ParleyError) || error.code !== "busy") onWake(null);
      } finally {
        checking = false;
      }
    },
  };
}

function describe({ reason }: Receiver, pollMilliseconds: number): string {
  const poll = `poll ${pollMilliseconds} ms`;
  return reason === null ? `listen + ${poll}` : `${poll} (${reason})`;
}
