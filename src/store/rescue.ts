/** Sessions in trouble: listing, ending and exporting them. */
import { timestamp } from "../bus/clock";
import { endReasons, type Liveness, endedVisibleFor } from "../bus/liveness";
import type { SessionRecord, Ended, HeldBy, SessionExport } from "../bus/session";
import { claimsOf } from "./claim";
import type { Statements } from "./database";
import { endSession } from "./end-session";
import { mailFrom, type MailRow } from "./inbox";
import { lockFrom, locksOf } from "./lock";
import { messageColumns, messageFrom, type MessageRow } from "./message";
import { holdings, liveRecord, notEnded, sessionsWhere } from "./session";

export async function sessionsToRescue(s: Statements, liveness: Liveness): Promise<HeldBy[]> {
  const [live, died] = await Promise.all([
    notEnded(s),
    sessionsWhere(
      s,
      `status = 'terminated' and ended_at > $since and end_reason = any($reasons::text[])
        order by ended_at, session_id`,
      { since: timestamp(liveness.now - endedVisibleFor), reasons: Object.values(endReasons) },
    ),
  ]);
  return Promise.all(
    [...live, ...died].map(async (record) => ({
      record,
      holdings: await holdings(s, record.session_id, liveness.now),
    })),
  );
}

export async function endSessions(
  s: Statements,
  ids: readonly string[],
  reasonFor: (record: SessionRecord) => string | null,
  liveness: Liveness,
): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (const id of ids) {
    const record = await liveRecord(s, id);
    const reason = record && reasonFor(record);
    if (!record || !reason) continue;
    ended.push({ record, released: await endSession(s, record, reason, liveness) });
  }
  return ended;
}

/** Reads through all mail: an index for the few exports there are would cost every message its upkeep. */
export async function exportSession(s: Statements, session_id: string): Promise<SessionExport> {
  const [received, sent, locks, claims] = await Promise.all([
    s.all<MailRow>(
      `select ${messageColumns}, d.delivered_at as shown_at, d.read_at as opened_at
        from parley.deliveries d join parley.session_messages m on m.id = d.message_id
        where d.session_id = $session_id order by m.id`,
      { session_id },
    ),
    s.all<MessageRow>(
      `select ${messageColumns} from parley.session_messages m
        where sender_id = $session_id and recipient_id is not null order by id`,
      { session_id },
    ),
    locksOf(s, session_id),
    claimsOf(s, session_id),
  ]);
  const mail = received.map(mailFrom);
  return {
    locks: locks.map(lockFrom),
    claims,
    messages: {
      sent: sent.map(messageFrom),
      received: mail,
      unread: mail.filter((message) => message.status !== "read"),
    },
  };
}
