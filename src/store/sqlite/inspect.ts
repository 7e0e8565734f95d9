/** Looking at a SQLite file without changing it. */
import { accessSync, constants as modes, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { constants, Database } from "bun:sqlite";

import type { DatabaseReport } from "../../bus/doctor";
import { defaultSettings } from "../../bus/settings";
import { holdsSeeds } from "./legacy-schema";
import { Connection } from "./connection";
import { busyTimeout } from "./pragmas";
import { immutable } from "./open";
import { applicationId, readVersions, schemaVersion } from "./schema";

/**
 * Looks at a database without making, migrating or repairing anything. `directory`: the one that holds nothing but
 * ours, null where the database stands among others' files. Never throws.
 */
export function inspectDatabase(path: string, directory: string | null): DatabaseReport {
  const report: DatabaseReport = {
    kind: "missing",
    path,
    remote: false,
    size_bytes: sizeOf(path),
    wal_bytes: sizeOf(`${path}-wal`),
    schema_version: null,
    journal_mode: null,
    integrity: null,
    writable: mayWrite(nearest(path)) && mayWrite(nearest(dirname(path))),
    exposed: [directory, path, `${path}-wal`, `${path}-shm`].flatMap((each) =>
      each === null ? [] : exposure(each),
    ),
    failure: null,
    last_seen: {},
  };
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return report;
    if (!found.isFile()) return { ...report, kind: "foreign", failure: "it is no file" };
    return { ...report, ...contents(path) };
  } catch (error) {
    return { ...report, kind: "unreadable", failure: (error as Error).message };
  }
}

/** Read as it lies there (`immutable`) only where the medium allows nothing else. */
function contents(path: string): Partial<DatabaseReport> {
  let failure: unknown;
  for (const name of [path, immutable(path)]) {
    let c: Connection | null = null;
    try {
      const flags = constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI;
      c = new Connection(new Database(name, flags), path, "inspected", defaultSettings);
      c.db.run(`pragma busy_timeout = ${busyTimeout}`);
      c.get("select count(*) from sqlite_master");
      return facts(c);
    } catch (error) {
      failure ??= error;
      if (!/unable to open|readonly/i.test((error as Error).message)) break;
    } finally {
      c?.close();
    }
  }
  const message = (failure as Error).message;
  return { kind: /not a database/.test(message) ? "foreign" : "unreadable", failure: message };
}

function facts(c: Connection): Partial<DatabaseReport> {
  const id = c.get<{ application_id: number }>("pragma application_id")?.application_id;
  if (id !== applicationId) return { kind: id === 0 ? withoutId(c) : "foreign" };
  const version = readVersions(c)?.version ?? 0;
  const journal = c.get<{ journal_mode: string }>("pragma journal_mode")?.journal_mode ?? null;
  const checked = integrity(c);
  return {
    kind: version === schemaVersion ? "ours" : version > schemaVersion ? "newer" : "older",
    schema_version: version,
    journal_mode: journal,
    integrity: checked,
    last_seen: checked === "ok" && version === schemaVersion ? lastSeen(c) : {},
  };
}

function withoutId(c: Connection): DatabaseReport["kind"] {
  const tables = c.get<{ count: number }>(
    "select count(*) as count from sqlite_master where name not like 'sqlite_%'",
  );
  if (tables?.count === 0) return "empty";
  return holdsSeeds(c) ? "seeds" : "foreign";
}

/** The quick check leaves out only whether indexes agree with their tables. */
function integrity(c: Connection): string {
  try {
    const row = c.get<{ quick_check: string }>("pragma quick_check(1)");
    return row?.quick_check.trim().replaceAll(/\s*\n\s*/g, ": ") ?? "no answer";
  } catch (error) {
    return (error as Error).message;
  }
}

function lastSeen(c: Connection): Record<string, string> {
  const rows = c.all<{ llm_vendor: string; heartbeat_at: string }>(
    "select llm_vendor, max(heartbeat_at) as heartbeat_at from session_registry group by llm_vendor",
  );
  return Object.fromEntries(rows.map((row) => [row.llm_vendor, row.heartbeat_at]));
}

const sizeOf = (path: string): number => {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
};

/** The path, or where it is missing the directory in which it would be made. */
const nearest = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));

function mayWrite(path: string): boolean {
  try {
    accessSync(path, modes.W_OK);
    return true;
  } catch {
    return false;
  }
}

function exposure(path: string): DatabaseReport["exposed"] {
  try {
    const mode = statSync(path).mode & 0o777;
    return mode & 0o077 ? [{ path, mode: mode.toString(8).padStart(4, "0") }] : [];
  } catch {
    return [];
  }
}
