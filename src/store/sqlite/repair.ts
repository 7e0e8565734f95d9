/** Repairing a damaged SQLite file. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { constants, Database } from "bun:sqlite";
import { timestamp } from "../../bus/clock";
import type { DatabaseReport, Repair } from "../../bus/doctor";
import { ParleyError } from "../../bus/errors";
import { defaultSettings } from "../../bus/settings";
import { closeUntouched } from "./checkpoint";
import { isBusy, translated } from "./errors";
import { inspectDatabase } from "./inspect";
import { busyTimeout } from "./pragmas";
import { openConnection } from "./open";

const tables = {
  sessions: "session_registry",
  messages: "session_messages",
  locks: "file_locks",
  claims: "task_claims",
} as const;

const sideFiles = ["", "-wal", "-shm"] as const;

/**
 * Moves a damaged database aside, with its log, and puts a new one in its place that holds what could be read of it. Null
 * where there is nothing to repair. Throws `invalid` for a file that is not ours, `busy` while others write, and
 * `not_permitted` where the medium refuses; then everything is as before.
 * @param directory as for `inspectDatabase`
 */
export async function repairDatabase(
  path: string,
  directory: string | null,
): Promise<Repair | null> {
  if (!isDamaged(inspectDatabase(path, directory), directory !== null)) return null;
  const stamp = timestamp(Date.now()).replaceAll(/[-:.]/g, "");
  const [made, aside] = [`${path}.repair-${stamp}`, `${path}.damaged-${stamp}`];
  try {
    const salvaged = await salvage(path, made);
    for (const suffix of sideFiles) {
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    }
    renameSync(made, path);
    return { moved_to: aside, salvaged };
  } catch (error) {
    for (const suffix of sideFiles) rmSync(made + suffix, { force: true });
    throw refusedBy(translated(error, path), path);
  }
}

/** A file that is no database at all is ours to move only where nothing but ours should lie. */
function isDamaged(
  { kind, integrity, path, failure }: DatabaseReport,
  inOwnPlace: boolean,
): boolean {
  if (kind === "unreadable") return /malformed|corrupt/i.test(failure ?? "");
  if (kind === "foreign" && /not a database/.test(failure ?? "") && inOwnPlace) return true;
  if (kind === "foreign" || kind === "newer") {
    throw new ParleyError(
      "invalid",
      `${path} is ${kind === "newer" ? "of a newer parley" : "not a parley database"}`,
      {
        hint: "nothing was changed",
        details: { database: path },
      },
    );
  }
  return integrity !== null && integrity !== "ok";
}

const refusedBy = (error: unknown, path: string): unknown =>
  error instanceof Error && "syscall" in error
    ? new ParleyError("not_permitted", `Cannot repair ${path}: ${error.message}`, {
        hint: "check the permissions of its directory and the space on its disk; nothing was changed",
        details: { database: path },
        cause: error,
      })
    : error;

async function salvage(path: string, made: string): Promise<Repair["salvaged"]> {
  const fresh = await openConnection(made, { mode: "create", settings: defaultSettings });
  const old = readable(path);
  const counts = { sessions: 0, messages: 0, locks: 0, claims: 0 };
  try {
    fresh.db.run("begin immediate");
    for (const [name, table] of Object.entries(tables)) {
      counts[name as keyof typeof counts] = old === null ? 0 : copyTable(old, fresh.db, table);
    }
    if (old) copyDeliveries(old, fresh.db);
    // Mail whose place in the mailbox was lost gets it back as its own state says.
    fresh.db.run(`insert or ignore into deliveries(message_id, session_id, delivered_at, read_at)
      select id, recipient_id, delivered_at, read_at from session_messages where recipient_id is not null`);
    fresh.db.run("commit");
    fresh.db.run("pragma wal_checkpoint(truncate)");
  } finally {
    // What of its log was not copied stays beside it.
    if (old) closeUntouched(old, path);
    fresh.close();
  }
  return counts;
}

/** Null where not even the schema can be read. Throws while others write. */
function readable(path: string): Database | null {
  let db: Database | null = null;
  try {
    db = new Database(path, constants.SQLITE_OPEN_READWRITE);
    db.run(`pragma busy_timeout = ${busyTimeout}`);
    // No process may write to a file that is about to be moved away.
    db.run("begin immediate");
    db.query("select count(*) from sqlite_master").get();
    return db;
  } catch (error) {
    db?.close();
    if (isBusy(error)) throw error;
    return null;
  }
}

type Row = Record<string, string | number | Uint8Array | null>;

/** Copies what can be read: from either end up to the damage, and in between row by row. */
function copyTable(old: Database, fresh: Database, table: string): number {
  const columns = sharedColumns(old, fresh, table);
  if (columns.length === 0) return 0;
  const list = columns.join(", ");
  const insert = fresh.query(
    `insert or ignore into ${table}(${list}) values (${columns.map(() => "?").join(", ")})`,
  );
  let copied = 0;
  const seen = new Set<number>();
  const take = (row: Row): void => {
    const rowid = Number(row["_rowid_"]);
    if (seen.has(rowid)) return;
    seen.add(rowid);
    copied += insert.run(...columns.map((column) => row[column] ?? null)).changes;
  };
  const select = `select rowid as _rowid_, ${list} from ${table}`;
  const last = scan(old, `${select} order by rowid`, take);
  if (last === null) return copied;
  const first = scan(old, `${select} order by rowid desc`, take) ?? last;
  const one = old.query<Row, [number]>(`${select} where rowid = ?`);
  for (let rowid = last + 1; rowid < first && rowid < last + mostProbed; rowid++) {
    try {
      const row = one.get(rowid);
      if (row) take(row);
    } catch {
      // It lies on a damaged page.
    }
  }
  return copied;
}

/** Rows that are looked for one by one, at about 5 µs each. */
const mostProbed = 1_000_000;

/** Reads until the end, then null, or until the damage: then the last row id that could be read, 0 for none. */
function scan(db: Database, sql: string, take: (row: Row) => void): number | null {
  let last = 0;
  try {
    for (const row of db.query<Row, []>(sql).iterate()) {
      take(row);
      last = Number(row["_rowid_"]);
    }
    return null;
  } catch {
    return last;
  }
}

function copyDeliveries(old: Database, fresh: Database): void {
  const columns = sharedColumns(old, fresh, "deliveries");
  const insert = fresh.query(
    `insert or ignore into deliveries(${columns.join(", ")}) values (${columns.map(() => "?").join(", ")})`,
  );
  const take = (row: Row): void => void insert.run(...columns.map((column) => row[column] ?? null));
  for (const order of ["", "desc"]) {
    const whole = scan(
      old,
      `select ${columns.join(", ")} from deliveries order by message_id ${order}, session_id ${order}`,
      take,
    );
    if (whole === null) return;
  }
}

function sharedColumns(old: Database, fresh: Database, table: string): string[] {
  const of = (db: Database): string[] => {
    try {
      return db
        .query<{ name: string }, [string]>("select name from pragma_table_info(?)")
        .all(table)
        .map(({ name }) => name);
    } catch {
      return [];
    }
  };
  const there = new Set(of(old));
  return of(fresh).filter((name) => there.has(name));
}
