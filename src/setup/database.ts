/** Doctor's findings about the database, and about free space for it and the logs. */
import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";

import type { DatabaseReport, Finding } from "../bus/doctor";
import { shellQuote } from "../bus/text";

const elsewhere = "name another place with --db or PARLEY_DB";

export function databaseFindings(report: DatabaseReport): Finding[] {
  const { kind, path, exposed, integrity, writable, remote } = report;
  const [first, ...more] = kindFindings(report);
  if (kind !== "ours" || first === undefined) {
    const isUseful = ["missing", "empty", "seeds", "older"].includes(kind);
    const all = [first, ...more].filter((each) => !!each);
    return isUseful && !writable ? [...all, unwritable(path, remote)] : all;
  }
  return [
    first,
    ...(remote ? [] : [permissionFinding(exposed)]),
    ...(writable ? [] : [unwritable(path, remote)]),
    ...(remote ? [] : [integrityFinding(path, integrity)]),
    ...more,
  ];
}

function permissionFinding(exposed: DatabaseReport["exposed"]): Finding {
  const check = "database.permissions";
  const [open] = exposed;
  if (!open) return finding(check, "ok", "nobody else can read it");
  const remedy = `run chmod go-rwx ${exposed.map((each) => shellQuote(each.path)).join(" ")}`;
  return finding(check, "warning", `${open.path} has mode ${open.mode}`, remedy);
}

const integrityFinding = (path: string, integrity: DatabaseReport["integrity"]): Finding =>
  integrity === "ok"
    ? finding("database.integrity", "ok", "the quick check found nothing wrong")
    : finding("database.integrity", "error", `damaged: ${integrity}`, damaged(path));

const unwritable = (path: string, remote: boolean): Finding =>
  finding(
    "database.writable",
    "error",
    `${path} cannot be written: nothing can be sent or locked`,
    remote
      ? "name the primary server, or have rights granted"
      : `allow writing it and its directory, or ${elsewhere}`,
  );

function kindFindings(report: DatabaseReport): Finding[] {
  const { path, failure, schema_version, journal_mode, size_bytes, wal_bytes } = report;
  const about = (status: Finding["status"], message: string, remedy?: string): Finding[] => [
    finding("database", status, message, remedy),
  ];
  switch (report.kind) {
    case "missing":
      return about("info", `${path} is not there yet; the first session makes it`);
    case "empty":
      return about("info", `${path} is empty; the first session fills it`);
    case "seeds":
      return about("info", `${path} is of an earlier message bus; the first session takes it over`);
    case "older":
      return about(
        "info",
        `${path} has schema ${schema_version}; the next command brings it up to date`,
      );
    case "newer":
      return about(
        "error",
        `${path} has schema ${schema_version}, which this parley does not know`,
        "install the newer parley here too",
      );
    case "foreign":
      return about("error", `${path} is not a parley database`, elsewhere);
    case "unreadable":
      return /malformed|corrupt/i.test(failure ?? "")
        ? about("error", `${path} is damaged: ${failure}`, damaged(path))
        : about(
            "error",
            `${path} cannot be read: ${failure}`,
            `check its permissions, or ${elsewhere}`,
          );
    case "ours": {
      const sizes = `${size_bytes + wal_bytes} bytes, journal ${journal_mode}`;
      const found = about("ok", `${path}, schema ${schema_version}, ${sizes}`);
      if (journal_mode === "wal") return found;
      const message = `the journal mode is ${journal_mode}, so readers and writers wait for each other`;
      const remedy = `run sqlite3 ${shellQuote(path)} "pragma journal_mode = wal"`;
      return [...found, finding("database.journal", "warning", message, remedy)];
    }
  }
}

const damaged = (path: string): string =>
  `run parley doctor --repair: it moves ${path} aside and saves what can be read`;

export const finding = (
  check: string,
  status: Finding["status"],
  message: string,
  remedy: string | null = null,
): Finding => ({ check, status, message, remedy });

const mebibyte = 1024 * 1024;
/** Fewer free bytes than this are a warning: a busy bus may need as many for its log and a copy of the database. */
const warningFreeBytes = 64 * mebibyte;
/** Fewer free bytes than this are an error. */
const errorFreeBytes = mebibyte;

const makeRoom = "make room there, or name other places with PARLEY_DB and PARLEY_LOG_DIR";

/** The free space at these paths, once a file system; none for a file system that does not tell. */
export function spaceFindings(paths: readonly string[]): Finding[] {
  const seen = new Set<number>();
  return paths.flatMap((path) => {
    try {
      const place = nearestExisting(path);
      const { dev } = statSync(place);
      if (seen.has(dev)) return [];
      seen.add(dev);
      return findingsAt(place);
    } catch {
      // Another finding reports a path that cannot be reached.
      return [];
    }
  });
}

function findingsAt(place: string): Finding[] {
  const { blocks, bavail, bsize, files, ffree } = statfsSync(place);
  if (blocks === 0) return [];
  const free = bavail * bsize;
  const left = `${Math.floor(free / mebibyte)} MiB free at ${place}`;
  // Some file systems count no files.
  if (files > 0 && ffree === 0)
    return [finding("disk", "error", `no more files can be made at ${place}`, makeRoom)];
  if (free < errorFreeBytes)
    return [finding("disk", "error", `${left}, so hardly anything can be written`, makeRoom)];
  if (free < warningFreeBytes) return [finding("disk", "warning", `only ${left}`, makeRoom)];
  return [finding("disk", "ok", `there is enough room at ${place}`)];
}

/** The path, or the nearest directory above it that exists. */
const nearestExisting = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
