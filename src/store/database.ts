/** The port between the store's operations and the engine that runs their statements. */
import type { Message, MessageQuery } from "../bus/message";
import type { Settings } from "../bus/settings";
import type { DatabaseFacts } from "../bus/status";
import type { NewMessage } from "./message";
import type { Upkeep } from "./upkeep";

type Value = string | number | boolean | null | readonly number[] | readonly string[];

/** Values by the names of a statement's parameters. A name that the statement does not use is ignored. */
export type Bindings = Readonly<Record<string, Value>>;

/** Fragments of SQL in which the engines differ: in what a row holds, not in what an operation means. */
export interface Dialect {
  /** The column of `session_registry` that numbers sessions in the order of their arrival. */
  readonly arrival: string;
  /** Follows a condition that an index serves, for sessions in that order. */
  readonly byArrival: string;
  /** When a session ended, by its row. */
  readonly endedAt: string;
  /** Follows the table's name where ended sessions are looked for by that time. */
  readonly byEnd: string;
  /** Follows a column: its value is one of those that the query selects, which is run once and by itself. */
  readonly among: (select: string) => string;
  /** Whether rows of locks, queues and alerts say on which machine they hold. Else there is one machine. */
  readonly perMachine: boolean;
  /** The machine of a lock's row, as `machine_uuid`. */
  readonly lockMachine: string;
  /** Condition: the row belongs to the machine `$machine`. */
  readonly onMachine: string;
  /** Condition: the row belongs to the machine `$machine`, or to all machines. */
  readonly onMachineOrAll: string;
  /** Condition: the alert `m` holds in `$scope`. */
  readonly inScope: string;
  /** Condition: the alert `m` may name the session `$session_id`. */
  readonly mayName: string;
  /** Whether a row of `session_registry` has `kept_at`: a heartbeat that a process sends on a session's behalf. */
  readonly automaticHeartbeats: boolean;
  /** A statement that gives the highest id of a message that was ever committed, as `id`. */
  readonly newestId: string;
  /** How many messages there are in the table of the first generation. */
  readonly legacyMessages: string;
}

/** What a process remembers of its sweeps over other sessions; `at` in milliseconds of `performance.now`. */
export interface SweepState {
  count: number;
  at: number;
}

/**
 * Runs statements: in a transaction all of them on its connection. Statements that are started together travel to a server
 * together, and run in the order in which they were started. SQL is written for PostgreSQL and the schema `parley`, with
 * parameters by name: `$session_id`.
 */
export interface Statements {
  readonly settings: Settings;
  readonly dialect: Dialect;
  /** The machine that this process runs on. Empty where the engine knows one machine only. */
  readonly machineUuid: string;
  readonly sweep: SweepState;
  get<Row>(sql: string, bindings?: Bindings): Promise<Row | null>;
  all<Row>(sql: string, bindings?: Bindings): Promise<Row[]>;
  /** Returns how many rows changed. */
  run(sql: string, bindings?: Bindings): Promise<number>;
  /** Tells these mailboxes, once the transaction has committed, that they have mail. */
  announce(recipients: "everyone" | readonly string[]): Promise<unknown>;
}

export type Work<T> = (s: Statements) => Promise<T>;

/** A message as one statement has written it, and whether the two sessions have now exchanged more than they may. */
export interface SentOne {
  message: Message;
  exceeds: boolean;
}

/** An open database, whichever engine it is. */
export interface Database {
  /** Path or URL, without secrets. */
  readonly location: string;
  /** Why nothing can be written, in a few words; null where it can. */
  readonly readOnly: string | null;
  /** Whether each statement is a trip to a server, where transactions of other processes run at the same time. */
  readonly remote: boolean;
  /** Whether a commit tells other processes of new messages by itself. */
  readonly announces: boolean;
  readonly upkeep: Upkeep;
  /** Runs statements each by itself. `work` runs again where it failed by something that passes: it reads, or does not mind. */
  query<T>(work: Work<T>): Promise<T>;
  /** Runs `work` on one snapshot. */
  snapshot<T>(work: Work<T>): Promise<T>;
  /**
   * Runs `work` as the only writer, in one transaction: ids appear in their order, and what is decided by reading is still
   * true when it is written. `work` runs again where the transaction could not begin or was lost before its commit.
   */
  write<T>(work: Work<T>): Promise<T>;
  /** The same, or nothing (null) while another process writes. */
  writeIfFree<T>(work: Work<T>): Promise<T | null>;
  /**
   * Runs what a reader does by the way as the only writer. SQLite leaves it to the next writer where the database stays busy
   * for 250 ms or the medium refuses.
   */
  tidy(work: Work<unknown>): Promise<void>;
  /** Writes one message in one statement, with its announcement. Only where that keeps other writers waiting less. */
  readonly sendOne?: (message: NewMessage) => Promise<SentOne>;
  /** Messages behind a cursor that were announced with their content; null where the database has to be asked. */
  readonly announced?: (query: MessageQuery, now: string) => Message[] | null;
  facts(s: Statements): Promise<DatabaseFacts>;
  /** A number that changes with the commits of others, and with what this process sends or publishes. */
  changeCount(): Promise<number>;
  /** Whether the engine threw this, rather than our own code. */
  isFailure(error: unknown): boolean;
  close(): Promise<void>;
}

/** Runs `work`, then `then` outside of the lock where each of its statements would be a trip for which others wait. */
export function writeThen<T, U>(
  db: Database,
  work: Work<T>,
  then: (s: Statements, written: T) => Promise<U>,
): Promise<U> {
  if (!db.remote) return db.write(async (s) => then(s, await work(s)));
  return db.write(work).then((written) => db.query((s) => then(s, written)));
}
