/** The results of `doctor`: findings, repairs, and facts about a database file. */

/** `ok` and `info` need nothing; for the others there is a remedy. */
type FindingStatus = "ok" | "info" | "warning" | "error";

export interface Finding {
  /** What was checked: `database.integrity`, `claude.hooks`. */
  check: string;
  status: FindingStatus;
  message: string;
  /** What to do about it; null: nothing. */
  remedy: string | null;
}

/** What `doctor --repair` did. */
export interface Repair {
  /** Where the damaged file is now, its log beside it. */
  moved_to: string;
  /** How many rows of each kind could be read from it; the rest is lost. */
  salvaged: Copied;
}

export interface DoctorResult {
  /** Only with `--repair`; null where there was nothing to repair. */
  repaired?: Repair | null;
  /** No finding is a warning or an error. */
  healthy: boolean;
  findings: Finding[];
}

/** Facts about a database, found without changing it. */
export interface DatabaseReport {
  /** `ours`: of this schema. `foreign`: any other that parley would refuse. */
  kind: "missing" | "ours" | "older" | "newer" | "seeds" | "empty" | "foreign" | "unreadable";
  path: string;
  /** On a server, whose files parley does not look at. */
  remote: boolean;
  size_bytes: number;
  wal_bytes: number;
  schema_version: number | null;
  journal_mode: string | null;
  /** `ok`, or the first thing that is wrong; null where it could not be checked. */
  integrity: string | null;
  /** False where the file or its directory cannot be written. */
  writable: boolean;
  /** Files and directories that users other than their owner can access. */
  exposed: { path: string; mode: string }[];
  /** Why it could not be read. */
  failure: string | null;
  /** The latest heartbeat of each vendor's sessions. */
  last_seen: Record<string, string>;
}

export interface Copied {
  sessions: number;
  messages: number;
  locks: number;
  claims: number;
}

/** The data of `migrate`. */
export interface MigrationResult {
  from: string;
  /** Without secrets. */
  to: string;
  copied: Copied;
  /** Rows that had been copied before, or that exist there under the same name. */
  present: Copied;
}
