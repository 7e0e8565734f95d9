/** Raising and settling alerts. */
import type { Alert, ConflictType } from "../../bus/alert";
import { timestamp } from "../../bus/clock";
import { operatorId } from "../../bus/message";
import type { SessionRecord } from "../../bus/session";
import { channelLife } from "../../bus/settings";
import { alertFrom, isWhereAlerted, joining } from "../rows/alert";
import { alertRow } from "../rows/event";
import { messageColumns, type MessageRow } from "../rows/message";
import { isResource } from "../rows/path";
import type { Queries } from "./queries";
import { closeLoop } from "./loop";
import { insertMessage } from "./message";
import { liveRecord } from "./session";

const unreadAlerts = `select ${messageColumns} from parley.session_messages m
  where m.channel = 'operator_alert' and m.status <> 'read'`;

/** Where an alert holds: a path or directory means something on one machine only. Empty: everywhere. */
function scopeOf(type: ConflictType, resource: string, machine_uuid: string | null): string {
  const local = type === "cwd_overlap" || (type === "file_conflict" && !isResource(resource));
  return local ? (machine_uuid ?? "") : "";
}

/**
 * One unread alert a type and resource. A session that joins the conflict updates it and makes it pending again, for
 * the operator and for everyone it names.
 */
export async function raiseAlert(
  c: Queries,
  type: ConflictType,
  resource: string,
  sessions: readonly string[],
  by: SessionRecord,
  at: number,
): Promise<void> {
  const scope = scopeOf(type, resource, by.machine_uuid);
  const [row] = await alertsOn(c, type, resource, scope);
  if (!row) {
    const id = await insertMessage(c, { ...alertRow(type, resource, sessions, by, at), scope });
    await addressAlert(c, id, sessions);
    return;
  }
  const alert = alertFrom(row);
  const { named, joined, others } = joining(alert, sessions);
  // Of a refused lock the first one named holds it.
  const all = [...sessions, ...(await remaining(c, others, alert))];
  if (!joined && all.length === named) return;
  if (joined) await reopenAlert(c, alert, all, at);
  else await rewriteAlert(c, alert, all, at);
}

const addressAlert = (c: Queries, id: number, sessions: readonly string[]): Promise<number> =>
  c.run(
    `insert into parley.deliveries(message_id, session_id) select $id, unnest($sessions::text[])
      on conflict do nothing`,
    { id, sessions },
  );

/** Whoever is no longer named has nothing left to read in it. */
const closeToOthers = `update parley.deliveries
  set read_at = $now, delivered_at = coalesce(delivered_at, $now), how = coalesce(how, 'closed')
  where message_id = $id and read_at is null and session_id <> all($sessions::text[])`;

const rewriteAlert = (
  c: Queries,
  { id, payload }: Alert,
  sessions: readonly string[],
  at: number,
): Promise<number> =>
  c.run(
    `with m as (update parley.session_messages set payload = $payload where id = $id)
      ${closeToOthers}`,
    { id, payload: JSON.stringify({ ...payload, sessions }), now: timestamp(at), sessions },
  );

/** All that are named have it before them again. */
const reopenAlert = (
  c: Queries,
  { id, payload }: Alert,
  sessions: readonly string[],
  at: number,
): Promise<number> =>
  c.run(
    `with m as (
        update parley.session_messages set payload = $payload, status = 'pending', delivered_at = null,
            expires_at = $expires_at
          where id = $id),
      others as (${closeToOthers})
      insert into parley.deliveries(message_id, session_id) select $id, unnest($sessions::text[])
        on conflict (message_id, session_id)
          do update set delivered_at = null, read_at = null, reserved_until = null`,
    {
      id,
      payload: JSON.stringify({ ...payload, sessions }),
      now: timestamp(at),
      expires_at: timestamp(at + channelLife(c.settings, "operator_alert")),
      sessions,
    },
  );

/**
 * Takes a session that ended or moved out of the alerts whose conflict it left. An alert of fewer than two sessions
 * is over: it becomes read and says by what.
 */
export async function settleAlerts(
  c: Queries,
  session_id: string,
  at: number,
  why = "ended",
): Promise<void> {
  const rows = await c.all<MessageRow>(
    // Those that name it have a delivery to it.
    `${unreadAlerts} and exists (
        select 1 from parley.deliveries d where d.message_id = m.id and d.session_id = $session_id)
      order by m.id`,
    { session_id },
  );
  for (const row of rows) {
    const alert = alertFrom(row);
    const { sessions } = alert.payload;
    if (!sessions.includes(session_id) || (await isStillThere(c, session_id, alert))) continue;
    const left = sessions.filter((each) => each !== session_id);
    if (left.length > 1) await rewriteAlert(c, alert, left, at);
    else await closeAlert(c, alert, `${session_id} ${why}`, at);
  }
}

async function remaining(c: Queries, ids: readonly string[], alert: Alert): Promise<string[]> {
  const there = await Promise.all(ids.map((id) => isStillThere(c, id, alert)));
  return ids.filter((_, index) => there[index]);
}

async function isStillThere(c: Queries, session_id: string, alert: Alert): Promise<boolean> {
  const record = await liveRecord(c, session_id);
  if (!record) return false;
  if (isWhereAlerted(record, alert)) return true;
  return alert.message_type === "task_conflict" && claims(c, session_id, alert.payload.resource);
}

const claims = async (c: Queries, session_id: string, task_id: string): Promise<boolean> =>
  (await c.get(
    "select 1 from parley.task_claims where task_id = $task_id and session_id = $session_id",
    { task_id, session_id },
  )) !== null;

/** Ends the alerts of one type about one resource, where that means something on one machine only: on that machine. */
export async function closeAlertsOn(
  c: Queries,
  type: ConflictType,
  resource: string,
  machine_uuid: string | null,
  why: string,
  at: number,
): Promise<void> {
  const scope = scopeOf(type, resource, machine_uuid);
  for (const row of await alertsOn(c, type, resource, scope)) {
    await closeAlert(c, alertFrom(row), why, at);
  }
}

/** After a claim is gone: the alert about its task is over where fewer than two sessions are left on it. */
export async function reviewTaskAlert(
  c: Queries,
  task_id: string,
  why: string,
  at: number,
): Promise<void> {
  for (const row of await alertsOn(c, "task_conflict", task_id, "")) {
    const alert = alertFrom(row);
    const sessions = await remaining(c, alert.payload.sessions, alert);
    if (sessions.length > 1) await rewriteAlert(c, alert, sessions, at);
    else await closeAlert(c, alert, why, at);
  }
}

const alertsOn = (
  c: Queries,
  type: ConflictType,
  resource: string,
  scope: string,
): Promise<MessageRow[]> =>
  c.all<MessageRow>(
    `${unreadAlerts} and m.message_type = $type and m.activity = $resource and m.scope = $scope`,
    { type, resource, scope },
  );

async function closeAlert(c: Queries, alert: Alert, closed_by: string, at: number): Promise<void> {
  const now = timestamp(at);
  await c.run(
    `update parley.session_messages
      set status = 'read', read_at = $now, delivered_at = coalesce(delivered_at, $now), payload = $payload
      where id = $id`,
    { id: alert.id, now, payload: JSON.stringify({ ...alert.payload, closed_by }) },
  );
  await c.run(
    `update parley.deliveries
      set read_at = $now, delivered_at = coalesce(delivered_at, $now), how = coalesce(how, 'closed')
      where message_id = $id and read_at is null`,
    { id: alert.id, now },
  );
}

export async function openAlerts(c: Queries, limit: number, at: number): Promise<Alert[]> {
  const rows = await c.all<MessageRow>(
    `${unreadAlerts} and m.expires_at > $now order by m.priority desc, m.id limit $limit`,
    { now: timestamp(at), limit },
  );
  return rows.map(alertFrom);
}

export const markAlertsDelivered = (
  c: Queries,
  ids: readonly number[],
  at: number,
): Promise<number> =>
  c.run(
    `update parley.session_messages set status = 'delivered', delivered_at = $now
      where id = any($ids::bigint[]) and channel = 'operator_alert' and status = 'pending'`,
    { ids, now: timestamp(at) },
  );

/** Makes unread alerts read by somebody's word; of those that have ended meanwhile there is nothing left to say. */
export async function acknowledge(
  c: Queries,
  ids: readonly number[],
  by: string,
  at: number,
): Promise<Alert[]> {
  const acknowledged: Alert[] = [];
  for (const id of ids) {
    const row = await c.get<MessageRow>(`${unreadAlerts} and m.id = $id`, { id });
    if (!row) continue;
    const alert = alertFrom(row);
    await closeAlert(c, alert, `acknowledged by ${by}`, at);
    if (by === operatorId && alert.message_type === "message_loop") {
      await closeLoop(c, alert.payload.sessions, at);
    }
    const closed = await c.get<MessageRow>(
      `select ${messageColumns} from parley.session_messages m where m.id = $id`,
      { id },
    );
    if (closed) acknowledged.push(alertFrom(closed));
  }
  return acknowledged;
}
