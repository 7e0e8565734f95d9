/**
 * Port: telling other processes that something was committed, and hearing it from them. Waking only
 * shortens a wait; correctness is the table and the store's change counter.
 */
export interface Wake {
  /** Rings for everyone and for each of these sessions. Never throws. */
  ring(sessionIds: readonly string[]): void;
  /** Removes the bells of all sessions but these. Never throws; a bell that is rung again is made again. */
  keepOnly(sessionIds: readonly string[]): void;
  /**
   * Calls `onWake` (at least) whenever the store may have changed, until stopped. Never throws: without a
   * native watcher it polls.
   */
  listen(onWake: () => void): Promise<Listening>;
}

export interface Listening {
  /** What is active, for `--verbose` and `doctor`: `inotify + poll 250 ms`, `poll 250 ms (no temp directory)`. */
  readonly source: string;
  stop(): Promise<void>;
}
