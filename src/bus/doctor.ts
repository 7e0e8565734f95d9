/** Findings, and what is known of a database file. */

/** `info` and `ok` are well; the others want their remedy. */
type FindingStatus = "ok" | "info" | "warning" | "error";

export interface Finding {
  /** What was looked at: `database.integrity`, `claude.hooks`. */
  check: string;
  status: FindingStatus;
  message: string;
  /** What to do about it; null where nothing has to be done. */
  remedy: string | null;
}

/** What `doctor --repair` did. */
export interface Repair {
  /** Where the damaged file is now, its log beside it. */
  moved_to: string;
  /** How many rows of each kind could be read of it; the rest is lost. */
  salvaged: { sessions: number; messages: number; locks: number; claims: number };
}

/** The data of `doctor`. */
export interface DoctorResult {
  /** With `--repair`: null where there was nothing to repair. */
  repaired?: Repair | null;
  /** No finding is a warning or an error. */
  healthy: boolean;
  findings: Finding[];
}

/** What a database file is, found without changing it. */
export interface DatabaseReport {
  /** `ours`: of this schema. `foreign` covers whatever parley would refuse. */
  kind: "missing" | "ours" | "older" | "newer" | "seeds" | "empty" | "foreign" | "unreadable";
  path: string;
  /** On a server, whose own business its files are. */
  remote: boolean;
  size_bytes: number;
  wal_bytes: number;
  schema_version: number | null;
  journal_mode: string | null;
  /** `ok`, or the first thing that is wrong; null where it could not be looked at. */
  integrity: string | null;
  /** False where the file or its directory cannot be written. */
  writable: boolean;
  /** Files and directories that others than their owner can reach. */
  exposed: { path: string; mode: string }[];
  /** Why it could not be read. */
  failure: string | null;
  /** The latest heartbeat of each vendor's sessions. */
  last_seen: Record<string, string>;
}
