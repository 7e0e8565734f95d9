/** Messages that the bus writes itself: events, notes, alerts, beginnings and ends. */
import { type ConflictType, conflictRules } from "../../bus/alert";
import type { SessionRecord } from "../../bus/session";
import type { NewMessage } from "./message";

type Actor = Pick<SessionRecord, "session_id" | "session_uuid" | "project_id" | "task_id">;

/** A session of which nothing but its id is known any more. */
export const actorCalled = (session_id: string): Actor => ({
  session_id,
  session_uuid: null,
  project_id: null,
  task_id: null,
});

/** What happened to a lock or claim, for whoever listens. */
export const eventRow = (
  channel: "file_lock" | "task_broadcast" | "file_conflict",
  action: string,
  by: Actor,
  payload: Record<string, unknown>,
  at: number,
): NewMessage => ({
  ...from(by, at),
  recipient_id: null,
  channel,
  message_type: action,
  payload: { ...payload, action },
  priority: 0,
  status: "delivered",
});

/** That sessions collide over something, for them and the operator. */
export function alertRow(
  type: ConflictType,
  resource: string,
  sessions: readonly string[],
  by: SessionRecord,
  at: number,
): NewMessage {
  const { action, priority } = conflictRules[type];
  return {
    ...from(by, at),
    recipient_id: null,
    channel: "operator_alert",
    message_type: type,
    payload: { sessions, resource, action },
    priority,
    status: "pending",
    activity: resource,
  };
}

/** A note from one session to another that the bus writes on its behalf. */
export const noteRow = (
  sender: SessionRecord,
  recipient_id: string,
  message: string,
  payload: Record<string, unknown>,
  at: number,
): NewMessage => ({
  ...from(sender, at),
  recipient_id,
  channel: "coordination",
  message_type: "directed",
  payload: { message, from: sender.session_id, ...payload },
  priority: 2,
  status: "pending",
});

/** That a session began or ended. */
export const lifecycleRow = (
  record: SessionRecord,
  event: "started" | "ended" | "resumed",
  at: number,
  reason?: string,
): NewMessage => ({
  ...from(record, at),
  recipient_id: null,
  channel: "session_lifecycle",
  message_type: event,
  payload: {
    event,
    session_id: record.session_id,
    project_id: record.project_id,
    cwd: record.cwd,
    ...(reason === undefined ? {} : { reason }),
  },
  priority: 0,
  status: "delivered",
});

const from = (by: Actor, at: number) => ({
  sender_id: by.session_id,
  sender_session_uuid: by.session_uuid,
  project_id: by.project_id,
  task_id: by.task_id,
  activity: null,
  reply_to: null,
  at,
});
