/** Messages that the bus itself writes: events of locks, claims and sessions, and notes from one session to another. */
import type { SessionRecord } from "../bus/session";
import type { LifecycleEvent } from "../bus/status";
import type { Statements } from "./database";
import { type MessageRow, type NewMessage, parsedPayload, writeMessage } from "./message";

type Actor = Pick<SessionRecord, "session_id" | "session_uuid" | "project_id" | "task_id">;

/** A session of which nothing but its id is known any more. */
export const actorCalled = (session_id: string): Actor => ({
  session_id,
  session_uuid: null,
  project_id: null,
  task_id: null,
});

/** What a message of the bus has from the session on whose behalf it is written. */
export const writtenBy = (by: Actor, at: number) => ({
  sender_id: by.session_id,
  sender_session_uuid: by.session_uuid,
  project_id: by.project_id,
  task_id: by.task_id,
  activity: null,
  reply_to: null,
  at,
});

const insert = async (s: Statements, message: NewMessage): Promise<number> =>
  (await writeMessage(s, message)).id;

/**
 * Broadcasts what happened to a lock or claim. The id of the event is the number of the change: one global counter
 * for every owner of anything.
 */
export const insertEvent = (
  s: Statements,
  channel: "file_lock" | "task_broadcast" | "file_conflict",
  action: string,
  by: Actor,
  payload: Record<string, unknown>,
  at: number,
): Promise<number> =>
  insert(s, {
    ...writtenBy(by, at),
    recipient_id: null,
    channel,
    message_type: action,
    payload: { ...payload, action },
    priority: 0,
    status: "delivered",
  });

/** Writes a note from one session to another on the sender's behalf. */
export const insertNote = (
  s: Statements,
  sender: SessionRecord,
  recipient_id: string,
  message: string,
  payload: Record<string, unknown>,
  at: number,
): Promise<number> =>
  insert(s, {
    ...writtenBy(sender, at),
    recipient_id,
    channel: "coordination",
    message_type: "directed",
    payload: { message, from: sender.session_id, ...payload },
    priority: 2,
    status: "pending",
  });

/** Broadcasts that a session began or ended. */
export const insertLifecycle = (
  s: Statements,
  record: SessionRecord,
  event: "started" | "ended" | "resumed",
  at: number,
  reason?: string,
): Promise<number> =>
  insert(s, {
    ...writtenBy(record, at),
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

type LifecycleRow = Pick<
  MessageRow,
  "id" | "created_at" | "message_type" | "sender_id" | "payload"
>;

/** The newest events of sessions, newest first. */
export async function lifecycle(s: Statements, limit: number): Promise<LifecycleEvent[]> {
  const rows = await s.all<LifecycleRow>(
    `select id, created_at, message_type, sender_id, payload from parley.session_messages
      where channel = 'session_lifecycle' order by id desc limit $limit`,
    { limit },
  );
  return rows.map(lifecycleFrom);
}

/** Whatever another program wrote there, the event is shown as one of the three. */
function lifecycleFrom(row: LifecycleRow): LifecycleEvent {
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
