/** The beginning or end of a session from its row. */
import type { LifecycleEvent } from "../../bus/status";
import { type MessageRow, parsedPayload } from "./message";

/** What is read of a message that says that a session began or ended. */
export type LifecycleRow = Pick<
  MessageRow,
  "id" | "created_at" | "message_type" | "sender_id" | "payload"
>;

export const lifecycleColumns = "id, created_at, message_type, sender_id, payload";

/** Whatever another program wrote there, it is shown as one of the three. */
export function lifecycleFrom(row: LifecycleRow): LifecycleEvent {
  const { project_id, cwd, reason, session_id } = parsedPayload(row.payload);
  const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
  const { message_type } = row;
  return {
    id: row.id,
    created_at: row.created_at,
    event: message_type === "ended" || message_type === "resumed" ? message_type : "started",
    session_id: text(session_id) ?? row.sender_id,
    project_id: text(project_id),
    cwd: text(cwd),
    reason: text(reason),
  };
}
