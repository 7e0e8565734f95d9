/** What an agent's event says of its session. */
import { parseTime, timestamp } from "./clock";
import type { Activity, SessionRecord } from "./session";

/** What an event of an agent says of its session. */
export interface HookActivity {
  llm_vendor: string;
  /** The conversation, by which the vendor names the session. */
  session_uuid: string;
  /** Processes of which one must be the session's, or it has to be made out anew: pids, the best first. */
  likelyPids: readonly number[];
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

export interface ActivityResult {
  record: SessionRecord;
  /** Pending messages of others that were neither shown nor announced nor reserved. */
  waiting: number;
  /** Something was written that others may be watching. */
  changed: boolean;
  /** Sessions that wait for a lock, where leases were freed. */
  touched: string[];
}

/** What an event changes in its session. */
export interface Change {
  record: SessionRecord;
  /** In what others may be watching: what it is doing, and on which files. */
  visible: boolean;
  /** In what the vendor said of it. */
  told: boolean;
  /** Its heartbeat is old enough to be written again. */
  beat: boolean;
}

/** How many of the latest edited files a session keeps. */
export const maxActiveFiles = 20;
/** And how many over all its turns, as long as it lives. */
const maxEditedFiles = 200;
/** A heartbeat younger than this, in milliseconds, is not written again by a hook. */
const heartbeatGrain = 10_000;

/** At a time in milliseconds since the epoch. */
export function applyActivity(visit: HookActivity, before: SessionRecord, at: number): Change {
  const moved = visit.activity !== null && visit.activity !== before.activity?.state;
  const files = visit.ends_turn
    ? []
    : withEdited(before.active_files, visit.edited, maxActiveFiles);
  const same =
    files.length === before.active_files.length &&
    files.every((file, i) => file === before.active_files[i]);
  const permission_mode = visit.permission_mode ?? before.permission_mode;
  const agent_home = visit.agent_home ?? before.agent_home;
  const age = at - (parseTime(before.heartbeat_at) ?? 0);
  return {
    record: {
      ...before,
      activity:
        moved && visit.activity !== null
          ? { state: visit.activity, since: timestamp(at) }
          : before.activity,
      active_files: files,
      edited_files: withEdited(before.edited_files, visit.edited, maxEditedFiles),
      permission_mode,
      agent_home,
    },
    visible: moved || !same,
    told: permission_mode !== before.permission_mode || agent_home !== before.agent_home,
    // A clock that stepped back makes the age negative.
    beat: age < 0 || age >= heartbeatGrain,
  };
}

/** The edited files, the latest first, no more than are kept. */
const withEdited = (files: readonly string[], edited: readonly string[], most: number): string[] =>
  [...new Set([...edited, ...files])].slice(0, most);
