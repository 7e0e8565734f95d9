/** Port: signals other processes that something was committed, and listens for their signals. */
import { ParleyError } from "./errors";

/** Concerns all listeners, or those of these sessions (whose mail or sent messages changed) and those that listen to all mail. */
export type Recipients = "everyone" | readonly string[];

/** Whose mail a listener is notified of, besides changes that concern everyone: one session's, all, or (null) none. */
export type Topic = { to: string } | "all" | null;

/** Port. A signal only shortens a wait: correctness depends on the tables and the store's change counter alone. */
export interface ChangeSignal {
  /** Never throws. */
  notify(recipients: Recipients): void;
  /** Removes the signal files of all sessions but these. Never throws; a later signal makes its file again. */
  prune(sessionIds: readonly string[]): void;
  /**
   * Calls `onWake` at least whenever the store changed in a way that concerns the listener, until stopped; at the poll
   * interval also for other changes. Calls it with an error, `not_found`, where the database is no longer the one that was
   * opened: no change will ever come from that. Never throws: without a native watcher it polls.
   */
  listen(mail: Topic, onWake: (lost: ParleyError | null) => void): Promise<Subscription>;
}

/** The error that a listener gets where its database has been deleted or replaced. */
export const lostDatabase = (path: string, become: "deleted" | "replaced"): ParleyError =>
  new ParleyError("not_found", `The database ${path} was ${become} while it was watched`, {
    hint: "start the command again to go on with what is there now",
    details: { database: path, become },
  });

export const isLostDatabase = (error: unknown): error is ParleyError =>
  error instanceof ParleyError &&
  error.code === "not_found" &&
  error.details?.["become"] !== undefined;

/** Port: notices that the store's own server passes on to every process of a bus. */
export interface Notices {
  /** Throws `busy`; a standby refuses it. */
  send(recipients: Recipients): Promise<void>;
  /** Calls `onConnect` first, and again whenever notices may have been missed. Returns a function that stops it. */
  listen(
    onNotice: (recipients: Recipients) => void,
    onConnect: () => void,
  ): Promise<() => Promise<void>>;
}

export interface Subscription {
  /** What notifies it, for `--verbose` and `doctor`: `inotify + poll 250 ms`, `poll 250 ms (no temp directory)`. */
  readonly source: string;
  stop(): Promise<void>;
}
