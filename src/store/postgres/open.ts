/** Opening a bus on a PostgreSQL server. */
import { ParleyError } from "../../bus/errors";
import type { StoreOptions } from "../../bus/settings";
import { Connection } from "./connection";
import { isMissing } from "./errors";
import { locationOf } from "./location";
import { newer, prepareSchema, oldestServer, schemaVersion } from "./migrate";

export interface PostgresOptions extends StoreOptions {
  /** Where the URL does not say it; `parley` by default. */
  schema?: string | undefined;
  machineUuid: () => string;
}

export interface Opened {
  connection: Connection;
  readOnly: boolean;
  /** How far the server's clock is ahead of ours, in milliseconds. */
  ahead: number;
}

interface State {
  version: number | null;
  writable: boolean;
  /** `server_version_num` */
  server: number;
  channel: string | null;
  /** The server's clock, in milliseconds. */
  now: number;
}

/** Connects, making or migrating the schema where needed. */
export async function openConnection(url: string, options: PostgresOptions): Promise<Opened> {
  const { settings, machineUuid, mode } = options;
  const location = locationOf(url, options.schema);
  const context = {
    ...{ schema: location.schema, settings, machineUuid, channel: null, known: new Map() },
    sweep: { count: 0, at: 0 },
  };
  const connection = new Connection(location, context, options.giveUpAt);
  try {
    let state = await stateOf(connection);
    if (state === null && mode !== "create") {
      throw new ParleyError("not_found", `There is no bus at ${location.text}`, {
        hint: "run parley register first, or name another with --db or PARLEY_DB",
        details: { database: location.text },
      });
    }
    if (state === null || (state.version ?? 0) < schemaVersion) {
      await prepareSchema(connection);
      state = await stateOf(connection);
    }
    if ((state?.version ?? 0) > schemaVersion) throw newer(location.text, state?.version ?? 0);
    const readOnly = !state?.writable;
    if (readOnly && mode !== "read") throw readOnlyBus(location.text);
    connection.context.channel = state?.channel ?? null;
    // It has just answered; before it did the connection was made, so that nothing is known of halfway.
    return { connection, readOnly, ahead: (state?.now ?? Date.now()) - Date.now() };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Null where there is no bus yet. */
async function stateOf(connection: Connection): Promise<State | null> {
  try {
    const state = await connection.query((s) =>
      s.get<State>(
        `select (select max(version) from parley._schema_version) as version,
          current_setting('transaction_read_only') = 'off'
            and has_table_privilege('parley.session_messages', 'insert') as writable,
          current_setting('server_version_num')::int as server,
          (select channel from parley.hearing) as channel,
          (extract(epoch from clock_timestamp()) * 1000)::float8 as now`,
      ),
    );
    if (state && state.server < oldestServer) throw tooOld(connection.location.text, state.server);
    return state;
  } catch (error) {
    if (isMissing(error instanceof ParleyError ? error.cause : error)) return null;
    throw error;
  }
}

const readOnlyBus = (location: string): ParleyError =>
  new ParleyError("not_permitted", `${location} allows no writing`, {
    hint: "it may be a standby, or the user lacks rights on its tables: name the primary server, or another user",
    details: { database: location },
  });

const tooOld = (location: string, server: number): ParleyError =>
  new ParleyError("invalid", `${location} is PostgreSQL ${Math.floor(server / 10_000)}`, {
    hint: `use PostgreSQL ${oldestServer / 10_000} or newer`,
    details: { database: location },
  });
