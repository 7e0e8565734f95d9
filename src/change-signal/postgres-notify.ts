/** The adapter for a store on a server. */
import { ParleyError } from "../bus/errors";
import type { Recipients, Subscription, Topic, Notices, ChangeSignal } from "../bus/change-signal";

export interface NoticeOptions {
  notices: Notices;
  /** False: the floor alone. */
  listening: boolean;
  /** The floor: milliseconds between two checks, whatever is heard. */
  pollMilliseconds: number;
  /** The store's change counter; a check that finds it unchanged wakes nobody. */
  changeCount: () => Promise<number>;
}

interface Listener {
  mail: Topic;
  check(): Promise<void>;
  wake(): void;
}

/**
 * The adapter for a store on a server: a notice is sent when the commit has been answered, so whoever hears it sees what
 * was committed. `close` waits for the notices that are under way.
 */
export function createNoticeSignal(
  options: NoticeOptions,
): ChangeSignal & { close(): Promise<void> } {
  const { notices, listening, pollMilliseconds } = options;
  const listeners = new Set<Listener>();
  const sending = new Set<Promise<void>>();
  let hearing: Promise<Ears> | null = null;

  const heard = (audience: Recipients): void => {
    for (const each of listeners) if (concerns(audience, each.mail)) each.wake();
  };
  const missed = (): void => {
    for (const each of listeners) void each.check();
  };
  /** Whether one to all is under way, and whether another has to follow it. */
  let underWay = false;
  let again = false;
  const sendToAll = async (): Promise<void> => {
    again = true;
    if (underWay) return;
    underWay = true;
    while (again) {
      again = false;
      await notices.send("everyone");
    }
    underWay = false;
  };
  const send = (audience: Recipients): void => {
    // Who does not hear of it sees it at the next check.
    const sent = (audience === "everyone" ? sendToAll() : notices.send(audience)).catch(() => {
      if (audience === "everyone") underWay = false;
    });
    sending.add(sent);
    void sent.finally(() => sending.delete(sent));
  };

  return {
    notify: (audience) => {
      // Our own listeners hear of it like all others.
      if (audience.length > 0) send(audience);
    },
    prune: () => {},
    listen: async (mail, onWake) => {
      if (listening) hearing ??= openEars(notices, heard, missed);
      const ears = (await hearing) ?? { reason: "poll asked for", stop: async () => {} };
      const listener = await createListener(options, mail, onWake);
      listeners.add(listener);
      const floor = setInterval(() => void listener.check(), pollMilliseconds);
      return {
        source: describe(ears, pollMilliseconds),
        stop: async () => {
          clearInterval(floor);
          listeners.delete(listener);
        },
      } satisfies Subscription;
    },
    close: async () => {
      while (sending.size > 0) await Promise.all(sending);
      await (await hearing)?.stop();
    },
  };
}

const concerns = (audience: Recipients, mail: Topic): boolean =>
  audience === "everyone" || mail === "all" || (mail !== null && audience.includes(mail.to));

interface Ears {
  /** Why nothing is heard; null where it is. */
  reason: string | null;
  stop(): Promise<void>;
}

/** Never throws: who hears nothing polls. */
async function openEars(
  notices: Notices,
  heard: (audience: Recipients) => void,
  missed: () => void,
): Promise<Ears> {
  try {
    return { reason: null, stop: await notices.listen(heard, missed) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { reason: `no listening: ${reason}`, stop: async () => {} };
  }
}

/** What is committed after this resolves, or before the listener's first look, is not missed. */
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
        // A server that is away comes back; whatever else it is, the listener's own look reports.
        if (!(error instanceof ParleyError) || error.code !== "busy") onWake(null);
      } finally {
        checking = false;
      }
    },
  };
}

function describe({ reason }: Ears, pollMilliseconds: number): string {
  const poll = `poll ${pollMilliseconds} ms`;
  return reason === null ? `listen + ${poll}` : `${poll} (${reason})`;
}
