/** Statements, transactions, patience while busy. */
import { busyTimeout, impatientTimeout, tidyingPatience } from "./limits";
import type { Database } from "bun:sqlite";

import type { Settings } from "../../bus/settings";
import type { Tended } from "../rows/tending";
import { deadline, isBusy, isFull, isRefusal, translated } from "./failure";

/** How often somebody looks again who has waited for long, in milliseconds. */
const impatience = 5;

type Bindings = Record<string, string | number | null>;

/** Bindings by the names that SQL gives them, for a database that was not opened as `strict`. */
const prefixed = (bindings: Bindings): Bindings =>
  Object.fromEntries(Object.entries(bindings).map(([name, value]) => [`$${name}`, value]));

/** Columns that hold whole numbers. */
const numeric =
  /^(id|message_id|pid|priority|ttl_seconds|reply_to|fence|promised_beats|shared_host|ended_message_id)$/;

/**
 * SQLite keeps whatever another program wrote, of any type, in any column. Bytes read as the text that they would be,
 * and what is no number where one belongs as nothing: a view prints numbers as they are.
 */
function asDeclared<Row>(row: Row): Row {
  const values = row as Record<string, unknown>;
  for (const name in values) {
    const value = values[name];
    if (value instanceof Uint8Array) values[name] = Buffer.from(value).toString();
    if (typeof value !== "number" && value !== null && numeric.test(name)) values[name] = null;
  }
  return row;
}

/** One open database. All SQL of the adapter runs through it. */
export class Connection {
  readonly tended: Tended = { count: 0, at: 0 };
  /** Heartbeats that this process has seen last, by session; milliseconds since the epoch. */
  readonly beatenAt = new Map<string, number>();

  constructor(
    readonly db: Database,
    readonly path: string,
    /** Why it was opened for reading only, in a few words; null where it can be written. */
    readonly readOnly: string | null,
    readonly settings: Settings,
    /** By `performance.now()`: when nothing waits any more; see `StoreOptions`. */
    private readonly giveUpAt = Number.POSITIVE_INFINITY,
    /** Opened as `immutable`: what others commit meanwhile is never seen. */
    readonly frozen = false,
  ) {}

  /** How long SQLite itself waits for a lock; short where somebody else waits for us, since nothing interrupts it. */
  get busyTimeout(): number {
    return this.giveUpAt === Number.POSITIVE_INFINITY ? busyTimeout : impatientTimeout;
  }

  get<Row>(sql: string, bindings: Bindings = {}): Row | null {
    const row = this.db.query<Row, [Bindings]>(sql).get(this.bound(bindings));
    return row === null ? null : asDeclared(row);
  }

  all<Row>(sql: string, bindings: Bindings = {}): Row[] {
    return this.db.query<Row, [Bindings]>(sql).all(this.bound(bindings)).map(asDeclared);
  }

  /** Returns how many rows changed. */
  run(sql: string, bindings: Bindings = {}): number {
    return this.db.query<unknown, [Bindings]>(sql).run(this.bound(bindings)).changes;
  }

  private bound(bindings: Bindings): Bindings {
    return this.readOnly === null ? bindings : prefixed(bindings);
  }

  /**
   * Runs `work` in one immediate transaction: a deferred one that reads and then writes would fail at once with
   * SQLITE_BUSY_SNAPSHOT, whatever the timeout.
   */
  write<T>(work: () => T): Promise<T> {
    return this.patiently(() => this.inTransaction("begin immediate", work));
  }

  /** Runs `work` in one immediate transaction, or not at all (null) where others write for longer than `patience` ms. */
  writeUnlessBusy<T>(work: () => T, patience = 0): T | null {
    this.db.run(`pragma busy_timeout = ${patience}`);
    try {
      return this.inTransaction("begin immediate", work);
    } catch (error) {
      if (isBusy(error)) return null;
      throw error;
    } finally {
      this.db.run(`pragma busy_timeout = ${this.busyTimeout}`);
    }
  }

  /**
   * What somebody who only looks does by the way, in one immediate transaction: not at all where the database is busy or
   * the medium refuses. What is left undone is done by the next who can write.
   */
  tidy(work: () => void): void {
    try {
      this.writeUnlessBusy(work, Math.min(tidyingPatience, this.busyTimeout));
    } catch (error) {
      if (!isRefusal(error) && !isFull(error)) throw translated(error, this.path);
    }
  }

  /** Runs `work` on one snapshot. */
  read<T>(work: () => T): Promise<T> {
    return this.patiently(() => this.inTransaction("begin", work));
  }

  /**
   * Retries while the database is busy, up to the deadline. SQLite's own waiting looks again every 25 to 100 ms and knows no
   * order, so that of very many some are never lucky: who has waited for all of `busy_timeout` looks much more often from
   * then on, and comes before those who have just begun to wait.
   */
  async patiently<T>(attempt: () => T): Promise<T> {
    const begin = performance.now();
    const end = Math.min(begin + deadline, this.giveUpAt);
    let waited = false;
    try {
      for (;;) {
        try {
          return attempt();
        } catch (error) {
          const now = performance.now();
          const left = end - now;
          if (!isBusy(error) || left <= 0) throw translated(error, this.path, now - begin);
          if (!waited) this.db.run("pragma busy_timeout = 0");
          waited = true;
          await Bun.sleep(Math.min(impatience * (0.5 + Math.random()), left));
        }
      }
    } finally {
      if (waited) this.db.run(`pragma busy_timeout = ${this.busyTimeout}`);
    }
  }

  private inTransaction<T>(begin: string, work: () => T): T {
    // Unlike `db.run`, `query` keeps the statement for the next time.
    this.db.query(begin).run();
    try {
      const result = work();
      this.db.query("commit").run();
      return result;
    } catch (error) {
      // A full disk or an I/O error has already rolled back.
      if (this.db.inTransaction) this.db.run("rollback");
      throw error;
    }
  }
}
