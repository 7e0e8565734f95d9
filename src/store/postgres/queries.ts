/** Running statements and reading rows. */
import type { SQL } from "bun";

import type { Settings } from "../../bus/settings";
import type { Tended } from "../rows/tending";
import { inSchema, type Statement, statementOf } from "./statement";

type Value = string | number | boolean | null | readonly number[] | readonly string[];
export type Bindings = Readonly<Record<string, Value>>;

/** What every statement is run with, whichever connection it takes. */
export interface Surroundings {
  schema: string;
  settings: Settings;
  /** The machine that this process runs on, by whose name the paths of locks go. */
  machineUuid: () => string;
  tended: Tended;
}

/** OID of `bigint`, which the driver gives as text: our numbers are ids and counts far below 2^53. */
const bigint = 20;

/** Runs statements: in a transaction all of them on its connection. Those that are started together travel together. */
export class Queries {
  constructor(
    private readonly client: Pick<SQL, "unsafe">,
    readonly surroundings: Surroundings,
    private readonly statements: Map<string, Statement>,
  ) {}

  get settings(): Settings {
    return this.surroundings.settings;
  }

  get machineUuid(): string {
    return this.surroundings.machineUuid();
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

  /** Returns how many rows changed. */
  async run(sql: string, bindings: Bindings = {}): Promise<number> {
    return (await this.send(sql, bindings)).count;
  }

  /** Runs SQL of several statements without parameters. */
  async script(sql: string): Promise<void> {
    await this.client.unsafe(inSchema(sql, this.surroundings.schema)).simple();
  }

  private send(sql: string, bindings: Bindings): ReturnType<SQL["unsafe"]> {
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = statementOf(sql, this.surroundings.schema);
      this.statements.set(sql, statement);
    }
    const values = statement.names.map((name) => {
      const value = bindings[name];
      if (value === undefined) throw new TypeError(`no value for $${name} in ${sql}`);
      return value;
    });
    return this.client.unsafe(statement.text, values).execute();
  }
}
