/** One open SQLite file: statements, transactions and waiting for a busy database. */
import type { Database, Statement } from "bun:sqlite";

import type { Settings } from "../../bus/settings";
import { inDialect } from "./dialect";
import { deadline, isBusy, translated } from "./errors";
import { busyTimeout, impatientTimeout } from "./pragmas";

/** How often an operation that has waited for long looks again, in milliseconds. */
const retryInterval = 5;

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

/** One open file. All SQL of the engine runs through it. */
export class Connection {
  /** Prepared, by their SQL: Bun keeps 20 for a connection, the store has more, and to prepare one costs 10 µs or more. */
  private readonly statements = new Map<string, Statement>();
  /** How many operations have waited for all of `busy_timeout`, and still wait. */
  private retrying = 0;
  /** Settled once the connection is free. */
  private last: Promise<unknown> = Promise.resolve();

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

  /** How long SQLite itself waits for a lock; short where an agent waits for us, since nothing interrupts it. */
  get busyTimeout(): number {
    return this.giveUpAt === Number.POSITIVE_INFINITY ? busyTimeout : impatientTimeout;
  }

  get<Row>(sql: string, bindings: Bindings = {}): Row | null {
    const row = this.statement(sql).get(this.bound(bindings)) as Row | null;
    return row === null ? null : asDeclared(row);
  }

  all<Row>(sql: string, bindings: Bindings = {}): Row[] {
    return (this.statement(sql).all(this.bound(bindings)) as Row[]).map(asDeclared);
  }

  /** Returns how many rows changed. */
  run(sql: string, bindings: Bindings = {}): number {
    return this.statement(sql).run(this.bound(bindings)).changes;
  }

  /** A pragma that sets something takes effect as it is prepared, so that those are run by `db`. */
  private statement(sql: string): Statement {
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = this.db.prepare(inDialect(sql));
      this.statements.set(sql, statement);
    }
    return statement;
  }

  /** Ends the statements: one that is left would keep the file open. */
  finalize(): void {
    for (const statement of this.statements.values()) statement.finalize();
    this.statements.clear();
  }

  close(): void {
    this.finalize();
    this.db.close();
  }

  private bound(bindings: Bindings): Bindings {
    return this.readOnly === null ? bindings : prefixed(bindings);
  }

  /**
   * Runs `work` after all that was asked of the connection before. Operations of one process share the connection, and a
   * transaction that is under way would otherwise take in what another operation does between two of its statements.
   */
  inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const mine = this.last.then(work);
    this.last = mine.catch(() => {});
    return mine;
  }

  /**
   * Attempts again while the database is busy, up to the deadline. SQLite's own waiting looks again every 25 to 100 ms and
   * knows no order, so that of very many processes some are never lucky: an operation that has waited for all of
   * `busy_timeout` looks much more often from then on, and comes before those that have just begun to wait. Between two
   * attempts other operations have their turn.
   */
  async retry<T>(attempt: () => T | Promise<T>): Promise<T> {
    const begin = performance.now();
    const end = Math.min(begin + deadline, this.giveUpAt);
    let waited = false;
    try {
      for (;;) {
        try {
          return await this.inTurn(attempt);
        } catch (error) {
          const now = performance.now();
          const left = end - now;
          if (!isBusy(error) || left <= 0) throw translated(error, this.path, now - begin);
          if (!waited) this.setPatience(0, 1);
          waited = true;
          await Bun.sleep(Math.min(retryInterval * (0.5 + Math.random()), left));
        }
      }
    } finally {
      if (waited) this.setPatience(this.busyTimeout, -1);
    }
  }

  /** Runs `work` while SQLite itself waits no longer than so many milliseconds. */
  async within<T>(patience: number, work: () => T | Promise<T>): Promise<T> {
    this.setPatience(patience);
    try {
      return await work();
    } finally {
      this.setPatience(this.busyTimeout);
    }
  }

  /** While an operation retries by itself SQLite does not wait, whatever others want: nothing interrupts its waiting. */
  private setPatience(milliseconds: number, retrying: -1 | 0 | 1 = 0): void {
    this.retrying += retrying;
    this.db.run(`pragma busy_timeout = ${this.retrying > 0 ? 0 : milliseconds}`);
  }

  /**
   * Runs `work` in one transaction. Between its statements nothing but microtasks may run: what is awaited inside has to be
   * there already. A transaction that writes begins as `immediate`: a deferred one that reads and then writes would fail at
   * once with SQLITE_BUSY_SNAPSHOT, whatever the timeout.
   */
  async transaction<T>(begin: "begin" | "begin immediate", work: () => T | Promise<T>): Promise<T> {
    // Unlike `db.run`, `query` keeps the statement for the next time.
    this.db.query(begin).run();
    try {
      const result = await work();
      this.db.query("commit").run();
      return result;
    } catch (error) {
      // A full disk or an I/O error has already rolled back.
      if (this.db.inTransaction) this.db.run("rollback");
      throw error;
    }
  }
}
