/** Transactions on a PostgreSQL server, and attempting again what fails by something that passes. */
import type { SQL } from "bun";

import { connect, within } from "./client";
import { inSchema } from "./dialect";
import {
  codeOf,
  deadline,
  isLost,
  isPassing,
  NoAnswer,
  translated,
  UnknownOutcome,
} from "./errors";
import type { Location } from "./location";
import { PostgresStatements, type StatementContext } from "./statements";

/**
 * Follows a commit that did not wait for the disk, so that it kept no other writer waiting: waits for the disk now, and
 * counts the change. The change is counted after it can be seen, or a waiting process might look in between, find nothing,
 * and not look again. The server syncs only after a commit that wrote something: the logical message, which has no receiver.
 */
export const syncAndSignal = `select nextval('parley.changes'), pg_logical_emit_message(true, 'parley', '')`;

/** Well below the deadline, so that the server itself gives the waiting up. */
const lockTimeout = deadline - 1000;
/**
 * Milliseconds after which the server ends a transaction whose process says nothing: it was stopped, or its machine is
 * gone, and all other writers wait for it. Less than they wait.
 */
const maxSilence = 5000;
/**
 * How many operations a process does before it prepares its statements, if it does not listen. Preparing costs each of
 * them one more trip to the server, in a transaction while others wait, and most processes run each once.
 */
const fewOperations = 9;

type Work<T> = (s: PostgresStatements) => Promise<T>;

/**
 * One bus on a server. A process has one connection for all it does (and one more while it listens), since a thousand
 * processes share what the server allows.
 */
export class Connection {
  private client: SQL;
  /** Whether the server has ever answered. */
  private reached = false;
  private prepares = false;
  private begun = 0;
  private running = 0;

  constructor(
    readonly location: Location,
    readonly context: StatementContext,
    /** By `performance.now()`: when nothing waits any more; see `StoreOptions`. */
    private readonly giveUpAt = Number.POSITIVE_INFINITY,
  ) {
    this.client = connect(location, this.prepares);
  }

  /** Where notices are given and heard; null for those who may only read, who are not told. */
  get channel(): string | null {
    return this.context.channel;
  }

  /** Runs statements each by itself. They run again where the connection is lost: they must only read, or not mind. */
  query<T>(work: Work<T>): Promise<T> {
    return this.retry(() => work(this.statements(this.client)));
  }

  /** Runs `work` on one snapshot. */
  snapshot<T>(work: Work<T>): Promise<T> {
    return this.retry(() =>
      this.transaction("begin isolation level repeatable read read only", work),
    );
  }

  /**
   * Runs `work` as the only writer of the bus. All that is written is serialised by a lock that lasts until the commit:
   * so ids appear in their order, and what is decided by reading is still true when it is written. `work` runs again
   * where the connection was lost before it was committed, and only then.
   */
  write<T>(work: Work<T>): Promise<T> {
    return this.retry(() =>
      this.transaction(
        `begin; set local lock_timeout = ${lockTimeout}; set local synchronous_commit = off;
          set local idle_in_transaction_session_timeout = ${maxSilence};
          select pg_advisory_xact_lock(${this.lockKey})`,
        work,
      ),
    );
  }

  /** Runs `work` as the only writer, or not at all (null) while another process is writing. */
  writeIfFree<T>(work: Work<T>): Promise<T | null> {
    return this.retry(() =>
      this.transaction("begin", async (s) => {
        const row = await s.get<{ free: boolean }>(
          `select pg_try_advisory_xact_lock(${this.lockKey}) as free`,
        );
        return row?.free ? work(s) : null;
      }),
    );
  }

  /** Runs SQL of several statements, which takes as long as it takes. */
  async script(sql: string): Promise<void> {
    try {
      await this.client.unsafe(inSchema(sql, this.location.schema)).simple();
    } catch (error) {
      throw translated(error, this.location.text);
    }
  }

  notify(notice: string): Promise<void> {
    const { channel } = this;
    if (channel === null) return Promise.resolve();
    return this.retry(async () => {
      // What is announced need not survive a crash, so no disk is waited for.
      await this.client.unsafe(
        `select pg_notify($1, $2) from (select set_config('synchronous_commit', 'off', true)) s`,
        [channel, notice],
      );
    });
  }

  /** Hears what is announced; `onConnect` is called first, and again whenever the connection was remade. */
  async listen(
    onNotice: (notice: string) => void,
    onConnect: () => void,
  ): Promise<() => Promise<void>> {
    const { channel } = this;
    if (channel === null) throw new Error("only those who may write are told anything");
    // Who listens stays.
    this.begun = fewOperations;
    // Its own client, which an operation that is given up does not take with it.
    const client = connect(this.location, false);
    try {
      await client.listen(channel, onNotice, onConnect);
    } catch (error) {
      await client.close({ timeout: 0 });
      throw error;
    }
    return () => client.close({ timeout: 0 });
  }

  async close(): Promise<void> {
    await this.client.close({ timeout: 1 });
  }

  /**
   * A query that waits until this is the only writer, inside a statement that is a transaction by itself and does not wait
   * for the disk: `syncAndSignal` has to follow it.
   */
  get writerLock(): string {
    return `select pg_advisory_xact_lock(${this.lockKey}) from (
      select set_config('lock_timeout', '${lockTimeout}', true), set_config('synchronous_commit', 'off', true)) s`;
  }

  private get lockKey(): string {
    return `1347570777, hashtext('${this.location.schema}')`;
  }

  private statements(client: Pick<SQL, "unsafe">): PostgresStatements {
    return new PostgresStatements(client, this.context);
  }

  private async transaction<T>(begin: string, work: Work<T>): Promise<T> {
    let xid: string | null = null;
    let done = null as { result: T } | null;
    try {
      await using client = await this.client.reserve();
      try {
        await client.unsafe(begin).simple();
        done = { result: await work(this.statements(client)) };
        const [row] = await client.unsafe("select pg_current_xact_id_if_assigned()::text as xid");
        xid = row?.xid ?? null;
        const end = xid === null ? "commit" : `commit; ${syncAndSignal}`;
        await client.unsafe(inSchema(end, this.location.schema)).simple();
        return done.result;
      } catch (error) {
        if (!isLost(error)) await client.unsafe("rollback").catch(() => {});
        throw error;
      }
    } catch (error) {
      // Lost with the commit unanswered: unlike everything before, this may have happened.
      if (done !== null && xid !== null && isLost(error) && (await this.wasCommitted(xid))) {
        return done.result;
      }
      throw error;
    }
  }

  /** What became of a transaction whose commit was not answered: the server knows. */
  private async wasCommitted(xid: string): Promise<boolean> {
    const until = performance.now() + deadline;
    while (performance.now() < until) {
      try {
        const [row] = await within(
          until - performance.now(),
          this.client.unsafe("select pg_xact_status($1::text::xid8) as status", [xid]),
        );
        if (row?.status === "committed") return true;
        if (row?.status === "aborted") return false;
      } catch (error) {
        if (!isPassing(error, true)) break;
      }
      await Bun.sleep(50);
    }
    throw new UnknownOutcome();
  }

  /** Attempts again, with growing jittered pauses up to the deadline, what failed by something that passes. */
  private async retry<T>(attempt: () => Promise<T>): Promise<T> {
    if (++this.begun > fewOperations && this.running === 0 && !this.prepares) {
      this.prepares = true;
      this.reconnect();
    }
    this.running++;
    try {
      return await this.repeatedly(attempt);
    } finally {
      this.running--;
    }
  }

  private async repeatedly<T>(attempt: () => Promise<T>): Promise<T> {
    const end = Math.min(performance.now() + deadline, this.giveUpAt);
    for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
      const left = end - performance.now();
      try {
        const result = await within(left, attempt());
        this.reached = true;
        return result;
      } catch (error) {
        if (error instanceof NoAnswer) this.reconnect();
        if (left <= pause || !isPassing(error, this.reached)) {
          throw translated(error, this.location.text);
        }
        this.reached ||= codeOf(error) !== null && isLost(error);
        await Bun.sleep(pause * (0.5 + Math.random()));
      }
    }
  }

  /** Leaves the connection, with whatever still waits there, for a new one. */
  private reconnect(): void {
    const former = this.client;
    this.client = connect(this.location, this.prepares);
    void former.close({ timeout: 0 }).catch(() => {});
  }
}
