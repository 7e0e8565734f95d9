/** An alert from its row; where sessions can overlap, and who is in it still. */
import type { Alert, ConflictType } from "../../bus/alert";
import type { SessionRecord } from "../../bus/session";
import { fromRow, type MessageRow } from "./message";

/** Where two sessions can collide by being there: the type, the column, and whether it holds on one machine only. */
export const overlaps = [
  { type: "project_conflict", column: "project_id", local: false },
  { type: "task_conflict", column: "task_id", local: false },
  { type: "cwd_overlap", column: "cwd", local: true },
] as const;

export function alertFrom(row: MessageRow): Alert {
  const message = fromRow(row);
  const { sessions, resource, action } = message.payload;
  return {
    ...message,
    message_type: message.message_type as ConflictType,
    payload: {
      ...message.payload,
      sessions: Array.isArray(sessions) ? sessions.filter((each) => typeof each === "string") : [],
      resource: typeof resource === "string" ? resource : "",
      action: typeof action === "string" ? action : "",
    },
  };
}

/** What changes in an alert as these collide: whether one joins it, and whom else it names, who may have left it. */
export function joining({ payload }: Alert, sessions: readonly string[]) {
  const named = new Set(payload.sessions);
  return {
    named: named.size,
    joined: sessions.some((each) => !named.has(each)),
    // Who was refused the same thing earlier is in it still.
    others: payload.sessions.filter((each) => !sessions.includes(each)),
  };
}

/** Whether a session is by its own row where an alert has it; on a task it is also by a claim. */
export function isWhereAlerted(record: SessionRecord, { message_type, payload }: Alert): boolean {
  const overlap = overlaps.find(({ type }) => type === message_type);
  // A file conflict ends with the lock, not by anything its sessions do elsewhere.
  return !overlap || record[overlap.column] === payload.resource;
}
