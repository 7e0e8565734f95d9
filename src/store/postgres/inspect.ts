/** Looking at a bus on a server without making one. */
import type { DatabaseReport } from "../../bus/doctor";
import { ParleyError } from "../../bus/errors";
import { locationOf } from "./location";
import { openConnection, type PostgresOptions } from "./open";
import { factsOf } from "./database";

/** Looks at a bus on a server without making one. Throws what opening it throws, but `not_found`. */
export async function inspectServer(
  url: string,
  options: Omit<PostgresOptions, "mode">,
): Promise<DatabaseReport> {
  const path = locationOf(url, options.schema).text;
  const report: DatabaseReport = {
    ...{ kind: "missing", path, remote: true, size_bytes: 0, wal_bytes: 0 },
    ...{ schema_version: null, journal_mode: null, integrity: null, writable: true },
    ...{ exposed: [], failure: null, last_seen: {} },
  };
  try {
    const { connection, readOnly } = await openConnection(url, { ...options, mode: "read" });
    try {
      return await connection.query(async (s) => ({
        ...report,
        ...(await factsOf(s, connection.location)),
        kind: "ours",
        integrity: "ok",
        writable: !readOnly,
        last_seen: Object.fromEntries(
          (
            await s.all<{ llm_vendor: string; at: string }>(
              `select llm_vendor, max(heartbeat_at) as at from parley.session_registry
                group by llm_vendor`,
            )
          ).map((row) => [row.llm_vendor, row.at]),
        ),
      }));
    } finally {
      await connection.close();
    }
  } catch (error) {
    if (error instanceof ParleyError && error.code === "not_found") return report;
    throw error;
  }
}
