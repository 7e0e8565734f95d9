/** Running statements on a connection to a server. */
import type { SQL } from "bun";

import type { Settings } from "../../bus/settings";
import type { Bindings, Statements, SweepState } from "../database";
import { dialect, inSchema, type Statement, statementOf } from "./dialect";
import { payloadFor } from "./notify-payload";

/** What every statement is run with, whichever connection it takes. */
export interface StatementContext {
  schema: string;
  settings: Settings;
  /** The machine that this process runs on, by whose name the paths of locks go. */
  machineUuid: () => string;
  sweep: SweepState;
  /** Where this process gives and hears notices; null for those who may only read, who are not told. */
  channel: string | null;
  /** Statements by their SQL. */
  known: Map<string, Statement>;
}

/** OID of `bigint`, which the driver gives as text: our numbers are ids and counts far below 2^53. */
const bigint = 20;

export class PostgresStatements implements Statements {
  readonly dialect = dialect;

  constructor(
    private readonly client: Pick<SQL, "unsafe">,
    private readonly context: StatementContext,
  ) {}

  get settings(): Settings {
    return this.context.settings;
  }

  get machineUuid(): string {
    return this.context.machineUuid();
  }

  get sweep(): SweepState {
    return this.context.sweep;
  }

  async get<Row>(sql: string, bindings: Bindings = {}): Promise<Row | null> {
    const [row] = await this.all<Row>(sql, bindings);
    return row ?? null;
  }

  async all<Row>(sql: string, bindings: Bindings = {}): Promise<Row[]> {
    const result = await this.send(sql, bindings);
    const numbers = (result.columns ?? []).filter(({ type }) => type === bigint);
    const rows = [...(result as unknown as Record<string, unknown>[])];
    for (const { name } of numbers) {
      for (const row of rows) if (row[name] !== null) row[name] = Number(row[name]);
    }
    return rows as Row[];
  }

  async run(sql: string, bindings: Bindings = {}): Promise<number> {
    return (await this.send(sql, bindings)).count;
  }

  announce(recipients: "everyone" | readonly string[]): Promise<unknown> {
    const { channel } = this.context;
    return this.get("select pg_notify($channel, $payload)", {
      ...{ channel, payload: payloadFor(recipients) },
    });
  }

  /** Runs SQL of several statements without parameters. */
  async script(sql: string): Promise<void> {
    await this.client.unsafe(inSchema(sql, this.context.schema)).simple();
  }

  private send(sql: string, bindings: Bindings): ReturnType<SQL["unsafe"]> {
    const { known, schema } = this.context;
    let statement = known.get(sql);
    if (!statement) {
      statement = statementOf(sql, schema);
      known.set(sql, statement);
    }
    const values = statement.names.map((name) => {
      const value = bindings[name];
      if (value === undefined) throw new TypeError(`no value for $${name} in ${sql}`);
      return value;
    });
    return this.client.unsafe(statement.text, values).execute();
  }
}
