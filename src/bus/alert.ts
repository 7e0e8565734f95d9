/** Conflicts and alerts: their types, priorities and advice. */
import type { Message } from "./message";

export type ConflictType =
  "project_conflict" | "task_conflict" | "cwd_overlap" | "file_conflict" | "message_loop";

/** A conflict of this session with another, as the verb that found it reports it. */
export interface Conflict {
  type: ConflictType;
  priority: number;
  label: string;
  /** The other session. */
  session_id: string;
  /** Project id, task id, directory or path. */
  resource: string;
  /** What to do about it. */
  action: string;
}

/** An alert: a message on `operator_alert` whose type is the conflict type. */
export interface Alert extends Message {
  message_type: ConflictType;
  payload: { sessions: string[]; resource: string; action: string };
}

/** Checks the payload too: a message may only look like an alert, and rows of other programs may hold anything. */
export const isAlert = (message: Message): message is Alert =>
  message.channel === "operator_alert" &&
  Array.isArray(message.payload["sessions"]) &&
  message.payload["sessions"].every((id) => typeof id === "string") &&
  typeof message.payload["resource"] === "string";

/** Priority and advice by type. Source: the seeds (R150, R151, R203–R205). */
export const conflictRules: Record<
  ConflictType,
  Pick<Conflict, "priority" | "label" | "action">
> = {
  project_conflict: {
    priority: 3,
    label: "CRITICAL",
    action: "Coordinate task boundaries to avoid overlap",
  },
  task_conflict: {
    priority: 3,
    label: "CRITICAL",
    action: "Agree on one owner; the other session should take another task",
  },
  cwd_overlap: { priority: 2, label: "HIGH", action: "One session should work in a subdirectory" },
  file_conflict: {
    priority: 2,
    label: "HIGH",
    action: "Ask the holder to release the lock, or work on another file",
  },
  // Not of the seeds: two agents that only answer each other need their human.
  message_loop: {
    priority: 3,
    label: "CRITICAL",
    action: "Look at what they write to each other; they wake each other again once you prompt one",
  },
};

export function conflict(type: ConflictType, session_id: string, resource: string): Conflict {
  const { priority, label, action } = conflictRules[type];
  return { type, priority, label, session_id, resource, action };
}
