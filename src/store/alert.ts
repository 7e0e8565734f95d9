/** Alerts of conflicts: raising, changing and ending them. */
import { type Alert, conflictRules, type ConflictType } from "../bus/alert";
import { timestamp } from "../bus/clock";
import type { SessionRecord } from "../bus/session";
import { channelLife } from "../bus/settings";
import type { Statements } from "./database";
import { writtenBy } from "./event";
import { isResource } from "./lock-path";
import { messageColumns, messageFrom, type MessageRow, writeMessage } from "./message";
import { liveRecord } from "./session";

/** Where two sessions can collide by being there: the type, the column, and whether it holds on one machine only. */
export const collisions = [
  { type: "project_conflict", column: "project_id", local: false },
  { type: "task_conflict", column: "task_id", local: false },
  { type: "cwd_overlap", column: "cwd", local: true },
] as const;

export const unreadAlerts = `select ${messageColumns} from parley.session_messages m
  where m.channel = 'operator_alert' and m.status <> 'read'`;

export function alertFrom(row: MessageRow): Alert {
  const message = messageFrom(row);
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

/** Where an alert holds: a path or directory means something on one machine only. Empty: everywhere. */
function scopeOf(type: ConflictType, resource: string, machine_uuid: string | null): string {
  const local = type === "cwd_overlap" || (type === "file_conflict" && !isResource(resource));
  return local ? (machine_uuid ?? "") : "";
}

const alertsOn = (
  s: Statements,
  type: ConflictType,
  resource: string,
  scope: string,
): Promise<MessageRow[]> =>
  s.all<MessageRow>(
    `${unreadAlerts} and m.message_type = $type and m.activity = $resource and ${s.dialect.inScope}`,
    { type, resource, scope },
  );

/**
 * One unread alert a type and resource. A session that joins the conflict updates it and makes it pending again, for
 * the operator and for every session it names.
 */
export async function raiseAlert(
  s: Statements,
  type: ConflictType,
  resource: string,
  sessions: readonly string[],
  by: SessionRecord,
  at: number,
): Promise<void> {
  const scope = scopeOf(type, resource, by.machine_uuid);
  const [row] = await alertsOn(s, type, resource, scope);
  if (!row) return insertAlert(s, type, resource, sessions, by, scope, at);
  const alert = alertFrom(row);
  const named = new Set(alert.payload.sessions);
  const joined = sessions.some((each) => !named.has(each));
  // A session that was refused the same thing earlier is in it still.
  const others = alert.payload.sessions.filter((each) => !sessions.includes(each));
  // Of a refused lock the first session named holds it.
  const all = [...sessions, ...(await stillInvolved(s, others, alert))];
  if (!joined && all.length === named.size) return;
  if (joined) await reopenAlert(s, alert, all, at);
  else await rewriteAlert(s, alert, all, at);
}

async function insertAlert(
  s: Statements,
  type: ConflictType,
  resource: string,
  sessions: readonly string[],
  by: SessionRecord,
  scope: string,
  at: number,
): Promise<void> {
  const { action, priority } = conflictRules[type];
  const { id } = await writeMessage(s, {
    ...writtenBy(by, at),
    recipient_id: null,
    channel: "operator_alert",
    message_type: type,
    payload: { sessions, resource, action },
    priority,
    status: "pending",
    activity: resource,
    scope,
  });
  await s.run(`${toEach} do nothing`, { id, sessions });
}

/** Puts an alert into the mailbox of each session; what is to happen where it is there already follows. */
const toEach = `insert into parley.deliveries(message_id, session_id)
  select $id::bigint, each.value from unnest($sessions::text[]) as each(value) where true
  on conflict (message_id, session_id)`;

const closing = `update parley.deliveries
  set read_at = $now, delivered_at = coalesce(delivered_at, $now), how = coalesce(how, 'closed')
  where message_id = $id and read_at is null`;

/** Changes the sessions that an alert names. A session that is no longer named has nothing left to read in it. */
const rewriteAlert = (
  s: Statements,
  { id, payload }: Alert,
  sessions: readonly string[],
  at: number,
): Promise<unknown> =>
  Promise.all([
    s.run("update parley.session_messages set payload = $payload where id = $id", {
      id,
      payload: JSON.stringify({ ...payload, sessions }),
    }),
    s.run(`${closing} and session_id <> all($sessions::text[])`, {
      ...{ id, sessions, now: timestamp(at) },
    }),
  ]);

/** The same, and all sessions that are named have the alert before them again. */
const reopenAlert = (
  s: Statements,
  alert: Alert,
  sessions: readonly string[],
  at: number,
): Promise<unknown> =>
  Promise.all([
    rewriteAlert(s, alert, sessions, at),
    s.run(
      `update parley.session_messages set status = 'pending', delivered_at = null, expires_at = $expires_at
        where id = $id`,
      { id: alert.id, expires_at: timestamp(at + channelLife(s.settings, "operator_alert")) },
    ),
    s.run(`${toEach} do update set delivered_at = null, read_at = null, reserved_until = null`, {
      ...{ id: alert.id, sessions },
    }),
  ]);

/**
 * Takes a session that ended or moved out of the alerts whose conflict it left. An alert of fewer than two sessions
 * is over: it becomes read and says by what.
 */
export async function settleAlerts(
  s: Statements,
  session_id: string,
  at: number,
  why = "ended",
): Promise<void> {
  const rows = await s.all<MessageRow>(`${unreadAlerts} and ${s.dialect.mayName} order by m.id`, {
    session_id,
  });
  for (const row of rows) {
    const alert = alertFrom(row);
    const { sessions } = alert.payload;
    if (!sessions.includes(session_id) || (await isStillInvolved(s, session_id, alert))) continue;
    const left = sessions.filter((each) => each !== session_id);
    if (left.length > 1) await rewriteAlert(s, alert, left, at);
    else await closeAlert(s, alert, `${session_id} ${why}`, at);
  }
}

async function stillInvolved(
  s: Statements,
  ids: readonly string[],
  alert: Alert,
): Promise<string[]> {
  const there = await Promise.all(ids.map((id) => isStillInvolved(s, id, alert)));
  return ids.filter((_, index) => there[index]);
}

async function isStillInvolved(s: Statements, session_id: string, alert: Alert): Promise<boolean> {
  const record = await liveRecord(s, session_id);
  if (!record) return false;
  if (overlapsAlert(record, alert)) return true;
  return alert.message_type === "task_conflict" && claims(s, session_id, alert.payload.resource);
}

/** Whether a session is by its own row where an alert has it; on a task it is also by a claim. */
function overlapsAlert(record: SessionRecord, { message_type, payload }: Alert): boolean {
  const collision = collisions.find(({ type }) => type === message_type);
  // A file conflict ends with the lock, not by anything its sessions do elsewhere.
  return !collision || record[collision.column] === payload.resource;
}

const claims = async (s: Statements, session_id: string, task_id: string): Promise<boolean> =>
  (await s.get(
    "select 1 from parley.task_claims where task_id = $task_id and session_id = $session_id",
    { task_id, session_id },
  )) !== null;

/** Ends the alerts of one type about one resource, where that means something on one machine only: on that machine. */
export async function closeAlertsOn(
  s: Statements,
  type: ConflictType,
  resource: string,
  machine_uuid: string | null,
  why: string,
  at: number,
): Promise<void> {
  const scope = scopeOf(type, resource, machine_uuid);
  for (const row of await alertsOn(s, type, resource, scope)) {
    await closeAlert(s, alertFrom(row), why, at);
  }
}

/** After a claim is gone: the alert about its task is over where fewer than two sessions are left on it. */
export async function reviewTaskAlert(
  s: Statements,
  task_id: string,
  why: string,
  at: number,
): Promise<void> {
  for (const row of await alertsOn(s, "task_conflict", task_id, "")) {
    const alert = alertFrom(row);
    const sessions = await stillInvolved(s, alert.payload.sessions, alert);
    if (sessions.length > 1) await rewriteAlert(s, alert, sessions, at);
    else await closeAlert(s, alert, why, at);
  }
}

/** Makes an alert read for every session and the operator, with the reason. */
export function closeAlert(
  s: Statements,
  { id, payload }: Alert,
  closed_by: string,
  at: number,
): Promise<unknown> {
  const now = timestamp(at);
  return Promise.all([
    s.run(
      `update parley.session_messages
        set status = 'read', read_at = $now, delivered_at = coalesce(delivered_at, $now), payload = $payload
        where id = $id`,
      { id, now, payload: JSON.stringify({ ...payload, closed_by }) },
    ),
    s.run(closing, { id, now }),
  ]);
}
