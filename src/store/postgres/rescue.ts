/** Sessions in trouble, and ending them. */
import { timestamp } from "../../bus/clock";
import { endReasons, type Liveness, endedVisibleFor } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import type { Ended, HeldBy, SessionExport } from "../../bus/store";
import { mailFrom, type MailRow } from "../rows/inbox";
import { fromRow as messageFrom, messageColumns, type MessageRow } from "../rows/message";
import { fromRow, type SessionRow } from "../rows/session";
import { claimsOf } from "./claim";
import type { Queries } from "./queries";
import { endSession } from "./ending";
import { locksOf } from "./lock";
import { shape } from "./path";
import { holdings, liveRecord, notEnded } from "./session";

export async function sessionsToRescue(c: Queries, liveness: Liveness): Promise<HeldBy[]> {
  const died = await c.all<SessionRow>(
    `select * from parley.session_registry where status = 'terminated' and ended_at > $since
        and end_reason = any($deaths::text[])
      order by ended_at, session_id`,
    { since: timestamp(liveness.now - endedVisibleFor), deaths: Object.values(endReasons) },
  );
  const records = [...(await notEnded(c)), ...died.map(fromRow)];
  return Promise.all(
    records.map(async (record) => ({
      record,
      holdings: await holdings(c, record.session_id, liveness.now),
    })),
  );
}

export async function endSessions(
  c: Queries,
  ids: readonly string[],
  reasonFor: (record: SessionRecord) => string | null,
  liveness: Liveness,
): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (const id of ids) {
    const record = await liveRecord(c, id);
    const reason = record && reasonFor(record);
    if (!record || !reason) continue;
    ended.push({ record, released: await endSession(c, record, reason, liveness) });
  }
  return ended;
}

/** Reads through all mail: an index for the few exports there are would cost every message its upkeep. */
export async function exportSession(c: Queries, session_id: string): Promise<SessionExport> {
  const received = await c.all<MailRow>(
    `select ${messageColumns}, d.delivered_at as shown_at, d.read_at as opened_at
      from parley.deliveries d join parley.session_messages m on m.id = d.message_id
      where d.session_id = $session_id order by m.id`,
    { session_id },
  );
  const mail = received.map(mailFrom);
  const sent = await c.all<MessageRow>(
    `select ${messageColumns} from parley.session_messages m
      where sender_id = $session_id and recipient_id is not null order by id`,
    { session_id },
  );
  return {
    locks: (await locksOf(c, session_id)).map(shape),
    claims: await claimsOf(c, session_id),
    messages: {
      sent: sent.map(messageFrom),
      received: mail,
      unread: mail.filter((message) => message.status !== "read"),
    },
  };
}
