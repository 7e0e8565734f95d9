/** Copies a bus to a server. */
import { existsSync, realpathSync } from "node:fs";

import { ParleyError } from "../bus/errors";
import type { MigrationResult } from "../bus/migration";
import { copyFrom } from "../store/postgres/copy";
import { openConnection, type PostgresOptions } from "../store/postgres/open";
import { openSource } from "../store/sqlite/source";
import { isServerUrl } from "./paths";

/** Copies the bus in a file into the one on a server. Throws what opening them throws. */
export async function migrate(
  from: string,
  to: string,
  options: Omit<PostgresOptions, "mode">,
): Promise<MigrationResult> {
  if (isServerUrl(from) || !isServerUrl(to)) {
    throw new ParleyError("invalid", "A bus is copied from a file to a PostgreSQL server", {
      hint: "write parley migrate --from PATH --to postgres://USER@HOST/DATABASE",
    });
  }
  if (!existsSync(from)) {
    throw new ParleyError("not_found", `There is no ${from} to copy`, {
      hint: "name the file of the bus by --from; parley status --stats shows where it is",
      details: { database: from },
    });
  }
  const source = await openSource(from);
  try {
    const { connection } = await openConnection(to, { ...options, mode: "create" });
    try {
      const name = `${options.machineUuid()} ${realpathSync(from)}`;
      const result = await copyFrom(connection, source, Bun.hash(name).toString(16));
      return { from, to: connection.location.text, ...result };
    } finally {
      await connection.close();
    }
  } finally {
    source.close();
  }
}
