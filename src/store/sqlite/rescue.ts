/** Sessions in trouble, and ending them. */
import { timestamp } from "../../bus/clock";
import { endReasons, type Liveness, endedVisibleFor } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import type { Ended, HeldBy, SessionExport } from "../../bus/store";
import { mailFrom, type MailRow } from "../rows/inbox";
import { fromRow as messageFrom, messageColumns, type MessageRow } from "../rows/message";
import { fromRow, type SessionRow } from "../rows/session";
import { claimsOf } from "./claim";
import type { Connection } from "./connection";
import { endSession } from "./ending";
import { locksOf } from "./lock";
import { holdings, liveRecord, notEnded } from "./session";

export function sessionsToRescue(c: Connection, liveness: Liveness): HeldBy[] {
  const died = c
    .all<SessionRow>(
      `select * from session_registry where status = 'terminated' and ended_at > $since
          and end_reason in (select value from json_each($deaths))
        order by ended_at, session_id`,
      {
        since: timestamp(liveness.now - endedVisibleFor),
        deaths: JSON.stringify(Object.values(endReasons)),
      },
    )
    .map(fromRow);
  return [...notEnded(c), ...died].map((record) => ({
    record,
    holdings: holdings(c, record.session_id, liveness.now),
  }));
}

export function endSessions(
  c: Connection,
  ids: readonly string[],
  reasonFor: (record: SessionRecord) => string | null,
  liveness: Liveness,
): Ended[] {
  return ids.flatMap((id) => {
    const record = liveRecord(c, id);
    const reason = record && reasonFor(record);
    return record && reason ? [{ record, released: endSession(c, record, reason, liveness) }] : [];
  });
}

/** Reads through all mail: an index for the few exports there are would cost every message its upkeep. */
export function exportSession(c: Connection, session_id: string): SessionExport {
  const received = c.all<MailRow>(
    `select ${messageColumns}, d.delivered_at as shown_at, d.read_at as opened_at
      from deliveries d join session_messages m on m.id = d.message_id
      where d.session_id = $session_id order by m.id`,
    { session_id },
  );
  const mail = received.map(mailFrom);
  return {
    locks: locksOf(c, session_id),
    claims: claimsOf(c, session_id),
    messages: {
      sent: c
        .all<MessageRow>(
          `select ${messageColumns} from session_messages m
            where sender_id = $session_id and recipient_id is not null order by id`,
          { session_id },
        )
        .map(messageFrom),
      received: mail,
      unread: mail.filter((message) => message.status !== "read"),
    },
  };
}
