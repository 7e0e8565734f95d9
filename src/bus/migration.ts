/** What `migrate` has copied. */

/** How many rows of each kind. */
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
  /** What had been copied before, or is kept under the same name there. */
  present: Copied;
}
