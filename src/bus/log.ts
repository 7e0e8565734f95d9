/** Port: the session log. */

/** One thing to be appended to a session log. */
export interface LogEntry {
  /** Project whose log it is; null: `unscoped`. */
  project_id: string | null;
  text: string;
  /** Milliseconds since the epoch; the UTC date chooses the file. */
  at: number;
}

/** Port: the session log, one Markdown file a project, machine and UTC day. Append only. */
export interface SessionLog {
  /** Absolute path of the log of that day. */
  path(project_id: string | null, date: string): string;
  /** Appends in one write, making directories as needed; returns the path. Throws `not_permitted`. */
  append(entry: LogEntry): string;
  /** The whole log of a day (`YYYY-MM-DD`), or null where there is none. */
  read(project_id: string | null, date: string): string | null;
}

/** The data of `log`. */
export interface LogResult {
  path: string;
  /** What was appended, or with `--view` the whole file; null where there is none. */
  entry: string | null;
}
