/** The store's operations on a SQLite file. */
import { SQLiteError } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";
import { ParleyError } from "../../bus/errors";
import type { DatabaseFacts } from "../../bus/status";
import type { Bindings, Database, Statements, SweepState, Work } from "../database";
import type { Upkeep } from "../upkeep";
import { Checkpoints, closeConnection } from "./checkpoint";
import type { Connection } from "./connection";
import { bound, dialect } from "./dialect";
import { isBusy, isFull, isRefusal, newer, translated } from "./errors";
import { tidyingPatience } from "./pragmas";
import { readVersions, schemaVersion } from "./schema";
import { createUpkeep } from "./upkeep";
import type { Store } from "../../bus/store";
import type { StoreOptions } from "../../bus/settings";
import { openStore } from "../store";
import { openConnection } from "./open";

/** Statements of one transaction. Each is run where it is called, so that its promise is settled from the beginning. */
class SqliteStatements implements Statements {
  readonly dialect = dialect;
  readonly machineUuid = "";
  isOver = false;
  private failure: unknown = null;

  constructor(
    private readonly c: Connection,
    readonly sweep: SweepState,
    private readonly onMessage: () => void,
  ) {}

  get settings() {
    return this.c.settings;
  }

  async get<Row>(sql: string, bindings: Bindings = {}): Promise<Row | null> {
    return this.on((c) => c.get<Row>(sql, bound(bindings)));
  }

  async all<Row>(sql: string, bindings: Bindings = {}): Promise<Row[]> {
    return this.on((c) => c.all<Row>(sql, bound(bindings)));
  }

  async run(sql: string, bindings: Bindings = {}): Promise<number> {
    return this.on((c) => c.run(sql, bound(bindings)));
  }

  async announce(): Promise<void> {
    this.onMessage();
  }

  /**
   * A full disk or an I/O error can roll the transaction back at once. Statements that were started beside the one that
   * failed would then commit by themselves, so they fail with the same error.
   */
  private on<T>(use: (c: Connection) => T): T {
    if (this.failure !== null) throw this.failure;
    if (this.isOver) throw new Error("the transaction is over");
    try {
      return use(this.c);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

export class SqliteDatabase implements Database {
  readonly location: string;
  readonly readOnly: string | null;
  readonly remote = false;
  readonly announces = false;
  readonly upkeep: Upkeep;
  private readonly sweep: SweepState = { count: 0, at: 0 };
  private readonly checkpoints: Checkpoints;
  /** SQLite does not count what the connection itself has committed, and its process may listen to its own messages. */
  private ownMessages = 0;
  private lastCount = -1;

  constructor(private readonly c: Connection) {
    this.location = c.path;
    this.readOnly = c.readOnly;
    this.checkpoints = new Checkpoints(c);
    this.upkeep = createUpkeep(c, this.checkpoints);
  }

  query<T>(work: Work<T>): Promise<T> {
    return this.c.retry(() => this.run(work));
  }

  snapshot<T>(work: Work<T>): Promise<T> {
    return this.c.retry(() => this.c.transaction("begin", () => this.run(work)));
  }

  /** All of it again while the database is busy: also a reader can have to recover the log of a process that died. */
  async write<T>(work: Work<T>): Promise<T> {
    const result = await this.c.retry(() =>
      this.c.transaction("begin immediate", () => this.run(work)),
    );
    this.checkpoints.soon();
    return result;
  }

  writeIfFree<T>(work: Work<T>): Promise<T | null> {
    return this.writeWithin(0, work, isBusy);
  }

  async tidy(work: Work<unknown>): Promise<void> {
    const patience = Math.min(tidyingPatience, this.c.busyTimeout);
    const mayFail = (error: unknown): boolean => isBusy(error) || isRefusal(error) || isFull(error);
    await this.writeWithin(patience, work, mayFail);
  }

  /** Runs `work` as the only writer, or not at all (null) where getting there fails in a way that may be. */
  private async writeWithin<T>(
    patience: number,
    work: Work<T>,
    mayFail: (error: unknown) => boolean,
  ): Promise<T | null> {
    try {
      return await this.c.inTurn(() =>
        this.c.within(patience, () => this.c.transaction("begin immediate", () => this.run(work))),
      );
    } catch (error) {
      if (mayFail(error)) return null;
      throw translated(error, this.location);
    }
  }

  private async run<T>(work: Work<T>): Promise<T> {
    const statements = new SqliteStatements(this.c, this.sweep, () => this.ownMessages++);
    try {
      return await work(statements);
    } finally {
      statements.isOver = true;
    }
  }

  /** Sizes are asked of SQLite and of the directory entry; the files themselves are never opened beside it. */
  async facts(s: Statements): Promise<DatabaseFacts> {
    const row = await s.get<{ size: number; journal_mode: string; version: number }>(
      `select (select page_count from pragma_page_count) * (select page_size from pragma_page_size) as size,
        (select journal_mode from pragma_journal_mode) as journal_mode,
        (select max(version) from parley._schema_version) as version`,
    );
    const wal = `${this.location}-wal`;
    return {
      path: this.location,
      size_bytes: row?.size ?? 0,
      wal_bytes: existsSync(wal) ? statSync(wal).size : 0,
      journal_mode: row?.journal_mode ?? "unknown",
      schema_version: row?.version ?? 0,
    };
  }

  /** Throws `invalid` once another process has migrated the database past us. */
  changeCount(): Promise<number> {
    return this.c.inTurn(() => {
      if (this.c.frozen) throw cannotWatch(this.c);
      const { data_version = 0 } =
        this.c.get<{ data_version: number }>("pragma data_version") ?? {};
      if (data_version !== this.lastCount) {
        const version = readVersions(this.c)?.version ?? 0;
        if (version > schemaVersion) throw newer(this.location, version, schemaVersion);
        this.lastCount = data_version;
      }
      return data_version + this.ownMessages;
    });
  }

  isFailure(error: unknown): boolean {
    return error instanceof SQLiteError || error instanceof ParleyError;
  }

  close(): Promise<void> {
    return this.c.inTurn(() => closeConnection(this.c));
  }
}

const cannotWatch = ({ path, readOnly }: Connection): ParleyError =>
  new ParleyError("not_permitted", `Cannot wait for what is new in ${path}, since ${readOnly}`, {
    hint: "look at what is there without waiting, or try again once it can be written",
    details: { database: path },
  });

/** Opens the bus in a SQLite database; throws `not_found`, `not_permitted`, `invalid` (foreign, newer) or `busy`. */
export const openSqliteStore = async (path: string, options: StoreOptions): Promise<Store> =>
  openStore(new SqliteDatabase(await openConnection(path, options)));
