import type { Activity, SessionRecord } from "./session";

/** What an event of an agent says of its session. */
export interface Attendance {
  llm_vendor: string;
  /** The conversation, by which the vendor names the session. */
  session_uuid: string;
  /** Processes of which one must be the session's, or it has to be made out anew: pids, the best first. */
  near: readonly number[];
  /** What it is doing now; null: as before. */
  activity: Activity["state"] | null;
  /** Real paths of files that it has just edited. */
  edited: readonly string[];
  /** The turn is over: its automatic leases are freed, and it edits no file. */
  ends_turn: boolean;
  /** Counts the mail that waits for it, from this priority on; null: does not look. */
  mail_from: number | null;
  /** The mail would make the turn go on: none of those with whom it is in a loop counts. */
  goes_on?: boolean;
  /** Who has prompted it; missing: nobody. A human ends its loops. */
  prompted_by?: "human" | "doorbell";
  /** See `SessionRecord`; missing or null: as before. */
  permission_mode?: string | null;
  agent_home?: string | null;
}

export interface Attended {
  record: SessionRecord;
  /** Pending messages of others that were neither shown nor announced nor reserved. */
  waiting: number;
  /** Something was written that others may be watching. */
  changed: boolean;
  /** Sessions that wait for a lock, where leases were freed. */
  touched: string[];
}

/** How many of the latest edited files a session keeps. */
export const maxActiveFiles = 20;
/** And how many over all its turns, as long as it lives. */
export const maxEditedFiles = 200;
/** A heartbeat younger than this, in milliseconds, is not written again by a hook. */
export const attendanceGrain = 10_000;

/** The edited files, the latest first, no more than are kept. */
export const withEdited = (
  files: readonly string[],
  edited: readonly string[],
  most: number,
): string[] => [...new Set([...edited, ...files])].slice(0, most);
