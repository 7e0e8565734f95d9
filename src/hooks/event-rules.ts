/** The rules of the events: what each of them does on the bus, for all vendors alike. */
import type { Activity } from "../bus/session";
import type { EventKind } from "./event";

export interface EventRule {
  /** What the agent does from now on; null: as before. */
  activity: Activity["state"] | null;
  /** Messages from this priority on are shown; null: none, since the vendor would not show them or no rule asks for it. */
  mail: number | null;
  /** Takes leases on the files of the call, which may refuse it. */
  leases?: true;
  /** Remembers the files of the call as edited. */
  edits?: true;
  /** The turn is over. */
  endsTurn?: true;
  /** The model is told which other sessions there are. */
  welcomes?: true;
  /** Ends the session. */
  ends?: true;
}

/** What each event does, besides refreshing the heartbeat and registering a session that is not known. */
export const eventRules: Record<EventKind, EventRule> = {
  start: { activity: "idle", mail: null, welcomes: true },
  prompt: { activity: "working", mail: 0 },
  "before-tool": { activity: "working", mail: null, leases: true },
  "after-tool": { activity: "working", mail: 2, edits: true },
  permission: { activity: "awaiting permission", mail: null },
  waiting: { activity: "idle", mail: null },
  other: { activity: null, mail: null },
  // The messages make the turn go on, at most once.
  stop: { activity: "idle", mail: 2, endsTurn: true },
  // The user has stopped the turn, or it has failed: nothing more is said in it.
  interrupted: { activity: "idle", mail: null, endsTurn: true },
  switch: { activity: "idle", mail: null, endsTurn: true },
  end: { activity: null, mail: null, ends: true },
};
