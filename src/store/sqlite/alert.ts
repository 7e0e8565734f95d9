/** Raising and settling alerts. */
import type { Alert, ConflictType } from "../../bus/alert";
import { timestamp } from "../../bus/clock";
import { operatorId } from "../../bus/message";
import type { SessionRecord } from "../../bus/session";
import { channelLife } from "../../bus/settings";
import { alertFrom, isWhereAlerted, joining } from "../rows/alert";
import { alertRow } from "../rows/event";
import { messageColumns, type MessageRow } from "../rows/message";
import type { Connection } from "./connection";
import { insertMessage } from "./message";
import { closeLoop } from "./loop";
import { liveRecord } from "./session";

const unreadAlerts = `select ${messageColumns} from session_messages m
  where channel = 'operator_alert' and status <> 'read'`;

/**
 * One unread alert a type and resource. A session that joins the conflict updates it and makes it pending again, for
 * the operator and for everyone it names.
 */
export function raiseAlert(
  c: Connection,
  type: ConflictType,
  resource: string,
  sessions: readonly string[],
  by: SessionRecord,
  at: number,
): void {
  const [row] = alertsOn(c, type, resource);
  if (!row) {
    const id = insertMessage(c, alertRow(type, resource, sessions, by, at));
    addressAlert(c, id, sessions);
    return;
  }
  const alert = alertFrom(row);
  const { named, joined, others } = joining(alert, sessions);
  // Of a refused lock the first one named holds it.
  const all = [...sessions, ...others.filter((each) => stillThere(c, each, alert))];
  if (!joined && all.length === named) return;
  rewriteAlert(c, alert, all, at);
  if (!joined) return;
  addressAlert(c, row.id, all);
  c.run(
    `update session_messages set status = 'pending', delivered_at = null, expires_at = $expires_at where id = $id`,
    { id: row.id, expires_at: timestamp(at + channelLife(c.settings, "operator_alert")) },
  );
  c.run(
    `update deliveries set delivered_at = null, read_at = null, reserved_until = null
      where message_id = $id and session_id in (select value from json_each($sessions))`,
    { id: row.id, sessions: JSON.stringify(all) },
  );
}

function addressAlert(c: Connection, id: number, sessions: readonly string[]): void {
  c.run(
    "insert or ignore into deliveries(message_id, session_id) select $id, value from json_each($sessions)",
    { id, sessions: JSON.stringify(sessions) },
  );
}

/** Whoever is no longer named has nothing left to read in it. */
function rewriteAlert(
  c: Connection,
  { id, payload }: Alert,
  sessions: readonly string[],
  at: number,
): void {
  c.run("update session_messages set payload = $payload where id = $id", {
    id,
    payload: JSON.stringify({ ...payload, sessions }),
  });
  c.run(
    `update deliveries set read_at = $now, delivered_at = coalesce(delivered_at, $now), how = coalesce(how, 'closed')
      where message_id = $id and read_at is null and session_id not in (select value from json_each($sessions))`,
    { id, now: timestamp(at), sessions: JSON.stringify(sessions) },
  );
}

/**
 * Takes a session that ended or moved out of the alerts whose conflict it left. An alert of fewer than two sessions
 * is over: it becomes read and says by what.
 */
export function settleAlerts(c: Connection, session_id: string, at: number, why = "ended"): void {
  for (const row of c.all<MessageRow>(unreadAlerts)) {
    const alert = alertFrom(row);
    if (!alert.payload.sessions.includes(session_id) || stillThere(c, session_id, alert)) continue;
    const sessions = alert.payload.sessions.filter((each) => each !== session_id);
    if (sessions.length > 1) rewriteAlert(c, alert, sessions, at);
    else closeAlert(c, alert, `${session_id} ${why}`, at);
  }
}

function stillThere(c: Connection, session_id: string, alert: Alert): boolean {
  const record = liveRecord(c, session_id);
  if (!record) return false;
  if (isWhereAlerted(record, alert)) return true;
  return alert.message_type === "task_conflict" && claims(c, session_id, alert.payload.resource);
}

const claims = (c: Connection, session_id: string, task_id: string): boolean =>
  c.get("select 1 from task_claims where task_id = $task_id and session_id = $session_id", {
    task_id,
    session_id,
  }) !== null;

/** Ends the alerts of one type about one resource. */
export function closeAlertsOn(
  c: Connection,
  type: ConflictType,
  resource: string,
  why: string,
  at: number,
): void {
  for (const row of alertsOn(c, type, resource)) closeAlert(c, alertFrom(row), why, at);
}

/** After a claim is gone: the alert about its task is over where fewer than two sessions are left on it. */
export function reviewTaskAlert(c: Connection, task_id: string, why: string, at: number): void {
  for (const row of alertsOn(c, "task_conflict", task_id)) {
    const alert = alertFrom(row);
    const sessions = alert.payload.sessions.filter((each) => stillThere(c, each, alert));
    if (sessions.length > 1) rewriteAlert(c, alert, sessions, at);
    else closeAlert(c, alert, why, at);
  }
}

const alertsOn = (c: Connection, type: ConflictType, resource: string): MessageRow[] =>
  c.all<MessageRow>(`${unreadAlerts} and message_type = $type and activity = $resource`, {
    type,
    resource,
  });

function closeAlert(c: Connection, alert: Alert, closed_by: string, at: number): void {
  const now = timestamp(at);
  c.run(
    `update session_messages set status = 'read', read_at = $now, delivered_at = coalesce(delivered_at, $now),
      payload = $payload where id = $id`,
    { id: alert.id, now, payload: JSON.stringify({ ...alert.payload, closed_by }) },
  );
  c.run(
    `update deliveries set read_at = $now, delivered_at = coalesce(delivered_at, $now), how = coalesce(how, 'closed')
      where message_id = $id and read_at is null`,
    { id: alert.id, now },
  );
}

export function openAlerts(c: Connection, limit: number, at: number): Alert[] {
  return c
    .all<MessageRow>(
      `${unreadAlerts} and expires_at > $now order by priority desc, id limit $limit`,
      {
        now: timestamp(at),
        limit,
      },
    )
    .map(alertFrom);
}

export function markAlertsDelivered(c: Connection, ids: readonly number[], at: number): number {
  return c.run(
    `update session_messages set status = 'delivered', delivered_at = $now
      where id in (select value from json_each($ids)) and channel = 'operator_alert' and status = 'pending'`,
    { ids: JSON.stringify(ids), now: timestamp(at) },
  );
}

/** Makes unread alerts read by somebody's word; of those that have ended meanwhile there is nothing left to say. */
export function acknowledge(
  c: Connection,
  ids: readonly number[],
  by: string,
  at: number,
): Alert[] {
  return ids.flatMap((id) => {
    const row = c.get<MessageRow>(`${unreadAlerts} and id = $id`, { id });
    if (!row) return [];
    const alert = alertFrom(row);
    closeAlert(c, alert, `acknowledged by ${by}`, at);
    if (by === operatorId && alert.message_type === "message_loop")
      closeLoop(c, alert.payload.sessions, at);
    return alertFrom(
      c.get<MessageRow>(`select ${messageColumns} from session_messages m where id = $id`, { id })!,
    );
  });
}
