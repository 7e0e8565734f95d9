/** Reading alerts, and marking them as shown or acknowledged. */
import type { Alert } from "../bus/alert";
import { timestamp } from "../bus/clock";
import { operatorId } from "../bus/message";
import { alertFrom, closeAlert, unreadAlerts } from "./alert";
import type { Statements } from "./database";
import { messageColumns, type MessageRow } from "./message";
import { closeLoop } from "./message-loop";

export async function openAlerts(s: Statements, limit: number, at: number): Promise<Alert[]> {
  const rows = await s.all<MessageRow>(
    `${unreadAlerts} and m.expires_at > $now order by m.priority desc, m.id limit $limit`,
    { now: timestamp(at), limit },
  );
  return rows.map(alertFrom);
}

export const markAlertsDelivered = (
  s: Statements,
  ids: readonly number[],
  at: number,
): Promise<number> =>
  s.run(
    `update parley.session_messages set status = 'delivered', delivered_at = $now
      where id = any($ids::bigint[]) and channel = 'operator_alert' and status = 'pending'`,
    { ids, now: timestamp(at) },
  );

/** Makes unread alerts read by a session's or the operator's word. Alerts that have ended meanwhile are left out. */
export async function acknowledge(
  s: Statements,
  ids: readonly number[],
  by: string,
  at: number,
): Promise<Alert[]> {
  const acknowledged: Alert[] = [];
  for (const id of ids) {
    const row = await s.get<MessageRow>(`${unreadAlerts} and m.id = $id`, { id });
    if (!row) continue;
    const alert = alertFrom(row);
    await closeAlert(s, alert, `acknowledged by ${by}`, at);
    if (by === operatorId && alert.message_type === "message_loop") {
      await closeLoop(s, alert.payload.sessions, at);
    }
    const closed = await s.get<MessageRow>(
      `select ${messageColumns} from parley.session_messages m where m.id = $id`,
      { id },
    );
    if (closed) acknowledged.push(alertFrom(closed));
  }
  return acknowledged;
}
