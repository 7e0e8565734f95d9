/** What removing rows and giving their space back means to an engine. */
import type { Statements } from "./database";

/** Messages past their time: a condition that an index serves, and the time that it compares with as `$until`. */
export interface Expired {
  condition: string;
  /** `at`: milliseconds since the epoch. */
  until(at: number): string;
}

/** Handles at most `limit` rows or pages. Returns how many there were: fewer than `limit` where nothing is left. */
export type Batch = (s: Statements, limit: number) => Promise<number>;

export interface Upkeep {
  /** How long a purge goes on to begin batches, in milliseconds, and how many rows each has. */
  readonly purge: { budget: number; rows: number };
  /** Removes expired messages with their deliveries. Returns how many, and how many of them were alerts. */
  removeMessages(
    s: Statements,
    expired: Expired,
    at: number,
    limit: number,
  ): Promise<{ all: number; alerts: number }>;
  /** Messages that programs of earlier generations left without an end. */
  readonly openEnded: readonly Expired[];
  /** The table that such programs wrote their messages to. */
  readonly legacyMessages?: {
    countOverdue(s: Statements, at: number): Promise<number>;
    remove(s: Statements, at: number, limit: number): Promise<number>;
  };
  /** At the end of a purge, inside its transaction, gives some free pages back. False where the time was up before. */
  shrink?(until: number): boolean;
  /** Runs a whole clean-up. */
  around<T>(cleanUp: () => Promise<T>): Promise<T>;
  /** Follows the commit of a batch that kept other writers out for so many milliseconds. */
  afterBatch(held: number): Promise<void>;
  /**
   * Gives free space back, or rewrites the database as a whole where `vacuum` says so. Returns for how many milliseconds
   * other writers were kept out by that; null where they were not.
   */
  giveBack(vacuum: boolean, inBatches: (batch: Batch) => Promise<void>): Promise<number | null>;
  /** Whether space can be given back without rewriting the database as a whole. */
  shrinks(): Promise<boolean>;
}
