/** What an event of an agent, as its hook reports it, changes in its session. */
import { parseTime, timestamp } from "./clock";
import type { Activity, SessionRecord } from "./session";

export interface HookActivity {
  llm_vendor: string;
  session_uuid: string;
  /** Pids, the likeliest first: where none is the session's process, the session has to be looked up anew. */
  likelyPids: readonly number[];
  /** What the agent is doing now; null: as before. */
  activity: Activity["state"] | null;
  /** Real paths of the files that it has just edited. */
  edited: readonly string[];
  /** The turn is over: its automatic leases are freed, and no file is being edited. */
  ends_turn: boolean;
  /** Counts the waiting messages from this priority on; null: counts none. */
  mail_from: number | null;
  /** The messages would make the turn go on: those of sessions with which it is in a loop are not counted. */
  goes_on?: boolean;
  /** What prompted it, if anything; `wake` is parley's wake prompt. A human's prompt ends its loops. */
  prompted_by?: "human" | "wake";
  /** See `SessionRecord`; missing or null: as before. */
  permission_mode?: string | null;
  agent_home?: string | null;
}

export interface ActivityResult {
  record: SessionRecord;
  /** Pending messages of other sessions that were neither shown nor announced nor reserved. */
  waiting: number;
  /** Something was written that other processes may be watching. */
  changed: boolean;
  /** Sessions that wait for a lock, where leases were freed. */
  touched: string[];
}

export interface Change {
  record: SessionRecord;
  /** The activity or the edited files changed, which other processes may be watching. */
  visible: boolean;
  /** The permission mode or the agent's directory changed. */
  reported: boolean;
  /** Its heartbeat is old enough to be written again. */
  heartbeatDue: boolean;
}

/** How many of the latest edited files a session keeps. */
export const maxActiveFiles = 20;
/** How many of all its turns it keeps. */
const maxEditedFiles = 200;
/** A heartbeat younger than this, in milliseconds, is not written again by a hook. */
const heartbeatGrain = 10_000;

/** What an event changes in a session, at a time in milliseconds since the epoch. */
export function applyActivity(event: HookActivity, before: SessionRecord, at: number): Change {
  const moved = event.activity !== null && event.activity !== before.activity?.state;
  const files = event.ends_turn
    ? []
    : withEdited(before.active_files, event.edited, maxActiveFiles);
  const same =
    files.length === before.active_files.length &&
    files.every((file, i) => file === before.active_files[i]);
  const permission_mode = event.permission_mode ?? before.permission_mode;
  const agent_home = event.agent_home ?? before.agent_home;
  const age = at - (parseTime(before.heartbeat_at) ?? 0);
  return {
    record: {
      ...before,
      activity:
        moved && event.activity !== null
          ? { state: event.activity, since: timestamp(at) }
          : before.activity,
      active_files: files,
      edited_files: withEdited(before.edited_files, event.edited, maxEditedFiles),
      permission_mode,
      agent_home,
    },
    visible: moved || !same,
    reported: permission_mode !== before.permission_mode || agent_home !== before.agent_home,
    // The age is negative where the clock was set back.
    heartbeatDue: age < 0 || age >= heartbeatGrain,
  };
}

/** The edited files, the latest first, at most `max`. */
const withEdited = (files: readonly string[], edited: readonly string[], max: number): string[] =>
  [...new Set([...edited, ...files])].slice(0, max);
