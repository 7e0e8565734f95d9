/** Port: telling and hearing of commits. */
import { ParleyError } from "./errors";

/**
 * Whom a change concerns: everybody who listens, or these sessions alone (those whose mail or sent messages it
 * changed) and whoever listens to all mail.
 */
export type Recipients = "everyone" | readonly string[];

/** Whose mail a listener is woken for, beside what concerns everyone: one session's, all sessions', or nobody's. */
export type Topic = { to: string } | "all" | null;

/**
 * Port: telling other processes that something was committed, and hearing it from them. Waking only
 * shortens a wait; correctness is the table and the store's change counter.
 */
export interface ChangeSignal {
  /** Never throws. */
  notify(audience: Recipients): void;
  /** Removes the bells of all sessions but these. Never throws; a bell that is rung again is made again. */
  prune(sessionIds: readonly string[]): void;
  /**
   * Calls `onWake` (at least) whenever the store changed in a way that concerns the listener, until stopped; at the
   * poll interval also for other changes. Called with an error, `not_found`, where the store is no longer the one that
   * was opened: nothing will ever come from it. Never throws: without a native watcher it polls.
   */
  listen(mail: Topic, onWake: (lost: ParleyError | null) => void): Promise<Subscription>;
}

/** What a listener is told where the database that it listens to is no longer there. */
export const lostDatabase = (path: string, become: "deleted" | "replaced"): ParleyError =>
  new ParleyError("not_found", `The database ${path} was ${become} while it was watched`, {
    hint: "start the command again to go on with what is there now",
    details: { database: path, become },
  });

export const isLostDatabase = (error: unknown): error is ParleyError =>
  error instanceof ParleyError &&
  error.code === "not_found" &&
  error.details?.["become"] !== undefined;

/** Port: what every process of a bus hears of, where the store's own server passes it on. */
export interface Notices {
  /** Throws `busy`; a standby refuses it. */
  send(audience: Recipients): Promise<void>;
  /** `onConnect` is called first, and again whenever notices may have been missed. Returns how to stop. */
  listen(
    onNotice: (audience: Recipients) => void,
    onConnect: () => void,
  ): Promise<() => Promise<void>>;
}

export interface Subscription {
  /** What is active, for `--verbose` and `doctor`: `inotify + poll 250 ms`, `poll 250 ms (no temp directory)`. */
  readonly source: string;
  stop(): Promise<void>;
}
