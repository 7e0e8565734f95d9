import type { Alert, ConflictType } from "../../bus/alert";
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
