/** The adapter: ringing, listening, polling. */
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

/** `auto`: native watcher, re-checks where it is slow, and floor. `native`: no re-checks. `poll`: the floor alone. */
export const signalModes = ["auto", "native", "poll"] as const;
export type SignalMode = (typeof signalModes)[number];

export interface ChangeSignalOptions {
  /** `<database directory>/bell`. */
  directory: string;
  /** Path of the database, which is looked at (never opened) to notice that it is another file. */
  database: string;
  mode: SignalMode;
  /** The floor: milliseconds between two checks, whatever the watcher says. */
  pollMilliseconds: number;
  /** The store's change counter; a check that finds it unchanged wakes nobody. */
  changeCount: () => Promise<number>;
}

/** A watcher that collects events keeps back what follows the first: it is checked again after 1, 2, 4 … 64 ms. */
const lastRecheck = 64;

type OnWake = Parameters<ChangeSignal["listen"]>[1];

/** The adapter, made when the database has been opened. `close` ends the watching that all listeners share, without which the process would not end. */
export function createChangeSignal(
  options: ChangeSignalOptions,
): ChangeSignal & { close(): Promise<void> } {
  const { directory, database, mode, pollMilliseconds } = options;
  const listeners = new Set<Listener>();
  let watcher: Promise<Watcher> | null = null;
  const opened = fileIdentity(database);

  const heard = (names: readonly string[] | null, promptly: boolean): void => {
    for (const each of listeners) {
      if (names === null || names.some((name) => each.bells.has(name))) each.rung(promptly);
    }
  };
  const watching = async (): Promise<Watcher | null> => {
    if (mode === "poll") return null;
    watcher ??= import("./watcher").then(({ openWatcher }) => openWatcher(directory, heard));
    return watcher;
  };

  return {
    notify: (audience) => {
      for (const name of signalsFor(audience)) touchSignal(directory, name);
    },
    prune: (sessionIds) =>
      removeSignals(directory, new Set([...broadcastSignals, anyMailSignal, ...sessionIds])),
    listen: async (mail, onWake) => {
      const listener = await createListener(options, mail, onWake);
      listeners.add(listener);
      const floor = setInterval(() => {
        const now = fileIdentity(database);
        if (now !== opened) {
          return onWake(lostDatabase(database, now === null ? "deleted" : "replaced"));
        }
        void watcher?.then((each) => each.renew());
        void listener.check();
      }, pollMilliseconds);
      const source = describe(await watching(), pollMilliseconds);
      return {
        source,
        stop: async () => {
          clearInterval(floor);
          listeners.delete(listener);
          listener.stop();
        },
      } satisfies Subscription;
    },
    close: async () => (await watcher)?.close(),
  };
}

const signalsFor = (audience: Recipients): readonly string[] => {
  if (audience === "everyone") return [nextBroadcastSignal()];
  return audience.length === 0 ? [] : [anyMailSignal, ...audience];
};

const signalsOf = (mail: Topic): ReadonlySet<string> => {
  if (mail === null) return new Set(broadcastSignals);
  return new Set([...broadcastSignals, mail === "all" ? anyMailSignal : mail.to]);
};

interface Listener {
  bells: ReadonlySet<string>;
  check(): Promise<void>;
  /** One of its bells was rung. */
  rung(promptly: boolean): void;
  stop(): void;
}

/** What is committed after this resolves, or before the listener's first look, is not missed. */
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
    // A database that cannot be read is for the listener's own look to report; that a newer one came, it would not see.
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
    if (delay > lastRecheck || stopped) return;
    recheck = setTimeout(() => void check().then(() => checkAgainAfter(delay * 2)), delay);
  };
  return {
    bells: signalsOf(mail),
    check,
    rung: (promptly) => {
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
