/** `migrate`: copies the bus in a file into one on a PostgreSQL server. */
import { existsSync, realpathSync } from "node:fs";

import { ParleyError } from "../bus/errors";
import type { MigrationResult } from "../bus/doctor";
import { settingsFrom } from "../bus/settings";
import { type Context, defineCommand, option, usageError } from "../cli/command";
import { isServerUrl, messagingDatabasePath } from "../cli/paths";

export default defineCommand({
  args: {
    from: option("PATH", "The database to copy; it stays"),
    to: option("URL", "The bus on the server"),
  },
  examples: ["migrate --from ~/.local/share/parley/messaging.db --to postgres://me@db.lan/team"],
  async run({ args, context }) {
    const { from, to } = args;
    if (!from || !to) {
      throw usageError(
        `${from ? "--to" : "--from"} is missing`,
        "write parley migrate --from PATH --to URL",
      );
    }
    const data = await migrate(from, to, context);
    return { data, view: async () => (await import("../render/maintenance")).migrateView(data) };
  },
});

/** Throws what opening either database throws. */
async function migrate(
  fromName: string,
  toName: string,
  { io: { env, cwd }, identity }: Context,
): Promise<MigrationResult> {
  const from = messagingDatabasePath(env, fromName, cwd);
  const to = messagingDatabasePath(env, toName, cwd);
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
  const { openSource } = await import("../store/sqlite/source");
  const { openConnection } = await import("../store/postgres/open");
  const { copyFrom } = await import("../store/postgres/copy");
  const machineUuid = (): string => identity.machine().machine_uuid;
  const source = await openSource(from);
  try {
    const { connection } = await openConnection(to, {
      mode: "create",
      settings: settingsFrom(env),
      schema: env["PARLEY_SCHEMA"],
      machineUuid,
    });
    try {
      const name = `${machineUuid()} ${realpathSync(from)}`;
      const result = await copyFrom(connection, source, Bun.hash(name).toString(16));
      return { from, to: connection.location.text, ...result };
    } finally {
      await connection.close();
    }
  } finally {
    source.close();
  }
}
