import type { Database } from "bun:sqlite";

import type { Settings } from "../../bus/settings";
import { deadline, isBusy, translated } from "./failure";

type Bindings = Record<string, string | number | null>;

/** One open database. All SQL of the adapter runs through it. */
export class Connection {
  constructor(
    readonly db: Database,
    readonly path: string,
    readonly readOnly: boolean,
    readonly settings: Settings,
  ) {}

  get<Row>(sql: string, bindings: Bindings = {}): Row | null {
    return this.db.query<Row, [Bindings]>(sql).get(bindings);
  }

  all<Row>(sql: string, bindings: Bindings = {}): Row[] {
    return this.db.query<Row, [Bindings]>(sql).all(bindings);
  }

  /** Returns how many rows changed. */
  run(sql: string, bindings: Bindings = {}): number {
    return this.db.query<unknown, [Bindings]>(sql).run(bindings).changes;
  }

  /**
   * Runs `work` in one immediate transaction: a deferred one that reads and then writes would fail at once with
   * SQLITE_BUSY_SNAPSHOT, whatever the timeout.
   */
  write<T>(work: () => T): Promise<T> {
    return this.patiently(() => this.inTransaction("begin immediate", work));
  }

  /** Runs `work` on one snapshot. */
  read<T>(work: () => T): Promise<T> {
    return this.patiently(() => this.inTransaction("begin", work));
  }

  /** Retries while the database is busy, with growing jittered pauses on top of busy_timeout, up to the deadline. */
  async patiently<T>(attempt: () => T): Promise<T> {
    const started = performance.now();
    for (let pause = 4; ; pause = Math.min(pause * 2, 500)) {
      try {
        return attempt();
      } catch (error) {
        const left = deadline - (performance.now() - started);
        if (!isBusy(error) || left <= 0) throw translated(error, this.path);
        await Bun.sleep(Math.min(pause * (0.5 + Math.random()), left));
        this.db.run(`pragma busy_timeout = ${Math.max(1, Math.min(3000, Math.round(left)))}`);
      }
    }
  }

  private inTransaction<T>(begin: string, work: () => T): T {
    this.db.run(begin);
    try {
      const result = work();
      this.db.run("commit");
      return result;
    } catch (error) {
      // A full disk or an I/O error has already rolled back.
      if (this.db.inTransaction) this.db.run("rollback");
      throw error;
    }
  }
}
