/** The change signal between processes of one machine: signal files, a watcher of them, and polling. */
import { ParleyError } from "../bus/errors";
import {
  type Recipients,
  type Subscription,
  lostDatabase,
  type Topic,
  type ChangeSignal,
} from "../bus/change-signal";
import { fileIdentity } from "./file-identity";
import {
  anyMailSignal,
  broadcastSignals,
  nextBroadcastSignal,
  removeSignals,
  touchSignal,
} from "./signal-files";
import type { Watcher } from "./watcher";

/** `auto`: watcher, re-checks where it is slow, and polling. `native`: no re-checks. `poll`: polling alone. */
export const signalModes = ["auto", "native", "poll"] as const;
export type SignalMode = (typeof signalModes)[number];

export interface ChangeSignalOptions {
  /** `<database directory>/bell`. */
  directory: string;
  /** Path of the database; its identity is compared, without opening it, to notice that it is another file. */
  database: string;
  mode: SignalMode;
  /** Milliseconds between two checks that do not depend on the watcher. */
  pollMilliseconds: number;
  /** The store's change counter; a check that finds it unchanged notifies no listener. */
  changeCount: () => Promise<number>;
}

/** Parcel delays events that follow another: after one from it the counter is checked again after 1, 2, 4 … 64 ms. */
const maxRecheckMs = 64;

type OnWake = Parameters<ChangeSignal["listen"]>[1];

/** Made once the database is open. `close` ends the watcher that all listeners share, which would keep the process alive. */
export function createChangeSignal(
  options: ChangeSignalOptions,
): ChangeSignal & { close(): Promise<void> } {
  const { directory, database, mode, pollMilliseconds } = options;
  const listeners = new Set<Listener>();
  let watcher: Promise<Watcher> | null = null;
  const identity = fileIdentity(database);

  const onSignals = (names: readonly string[] | null, promptly: boolean): void => {
    for (const listener of listeners) {
      if (names === null || names.some((name) => listener.signals.has(name)))
        listener.signalled(promptly);
    }
  };
  const watching = async (): Promise<Watcher | null> => {
    if (mode === "poll") return null;
    watcher ??= import("./watcher").then(({ openWatcher }) => openWatcher(directory, onSignals));
    return watcher;
  };

  return {
    notify: (recipients) => {
      for (const name of signalsFor(recipients)) touchSignal(directory, name);
    },
    prune: (sessionIds) =>
      removeSignals(directory, new Set([...broadcastSignals, anyMailSignal, ...sessionIds])),
    listen: async (mail, onWake) => {
      const listener = await createListener(options, mail, onWake);
      listeners.add(listener);
      const poll = setInterval(() => {
        const now = fileIdentity(database);
        if (now !== identity) {
          return onWake(lostDatabase(database, now === null ? "deleted" : "replaced"));
        }
        void watcher?.then((opened) => opened.renew());
        void listener.check();
      }, pollMilliseconds);
      const source = describe(await watching(), pollMilliseconds);
      return {
        source,
        stop: async () => {
          clearInterval(poll);
          listeners.delete(listener);
          listener.stop();
        },
      } satisfies Subscription;
    },
    close: async () => (await watcher)?.close(),
  };
}

const signalsFor = (recipients: Recipients): readonly string[] => {
  if (recipients === "everyone") return [nextBroadcastSignal()];
  return recipients.length === 0 ? [] : [anyMailSignal, ...recipients];
};

const signalsOf = (mail: Topic): ReadonlySet<string> => {
  if (mail === null) return new Set(broadcastSignals);
  return new Set([...broadcastSignals, mail === "all" ? anyMailSignal : mail.to]);
};

interface Listener {
  /** Names of the signal files that concern it. */
  signals: ReadonlySet<string>;
  check(): Promise<void>;
  /** One of its signal files was touched. */
  signalled(promptly: boolean): void;
  stop(): void;
}

/** No commit is missed that comes after this resolves, or before the listener's first check. */
async function createListener(
  { changeCount, mode }: ChangeSignalOptions,
  mail: Topic,
  onWake: OnWake,
): Promise<Listener> {
  let seen = await changeCount();
  let stopped = false;
  let recheck: Timer | undefined;

  const check = async (): Promise<void> => {
    if (stopped) return;
    // The listener's own check reports a database that cannot be read, but it would not notice a migrated one.
    let migrated: ParleyError | null = null;
    const now = await changeCount().catch((error: unknown) => {
      if (error instanceof ParleyError && error.code === "invalid") migrated = error;
      return Number.NaN;
    });
    if (now === seen || stopped) return;
    seen = now;
    onWake(migrated);
  };
  const checkAgainAfter = (delay: number): void => {
    clearTimeout(recheck);
    if (delay > maxRecheckMs || stopped) return;
    recheck = setTimeout(() => void check().then(() => checkAgainAfter(delay * 2)), delay);
  };
  return {
    signals: signalsOf(mail),
    check,
    signalled: (promptly) => {
      void check();
      if (mode === "auto" && !promptly) checkAgainAfter(1);
    },
    stop: () => {
      stopped = true;
      clearTimeout(recheck);
    },
  };
}

function describe(watcher: Watcher | null, pollMilliseconds: number): string {
  const poll = `poll ${pollMilliseconds} ms`;
  if (!watcher) return `${poll} (poll asked for)`;
  const { backend, missing } = watcher.describe();
  const active = backend === null ? poll : `${backend} + ${poll}`;
  return missing === null ? active : `${active} (no parcel: ${missing})`;
}
