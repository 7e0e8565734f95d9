import type { SessionRecord } from "../../bus/session";
import type { Queries } from "./queries";
import { insertMessage } from "./message";

/**
 * Broadcasts what happened to a lock or claim. The id of the event is the number of the change: one global counter
 * for every owner of anything.
 */
export const insertEvent = (
  c: Queries,
  channel: "file_lock" | "task_broadcast" | "file_conflict",
  action: string,
  by: Pick<SessionRecord, "session_id" | "session_uuid" | "project_id" | "task_id">,
  payload: Record<string, unknown>,
  at: number,
): Promise<number> =>
  insertMessage(c, {
    sender_id: by.session_id,
    sender_session_uuid: by.session_uuid,
    recipient_id: null,
    channel,
    message_type: action,
    payload: { ...payload, action },
    priority: 0,
    status: "delivered",
    project_id: by.project_id,
    task_id: by.task_id,
    activity: null,
    reply_to: null,
    at,
  });

/** A note from one session to another that the bus writes on its behalf. */
export const tell = (
  c: Queries,
  from: SessionRecord,
  recipient_id: string,
  message: string,
  payload: Record<string, unknown>,
  at: number,
): Promise<number> =>
  insertMessage(c, {
    sender_id: from.session_id,
    sender_session_uuid: from.session_uuid,
    recipient_id,
    channel: "coordination",
    message_type: "directed",
    payload: { message, from: from.session_id, ...payload },
    priority: 2,
    status: "pending",
    project_id: from.project_id,
    task_id: from.task_id,
    activity: null,
    reply_to: null,
    at,
  });
