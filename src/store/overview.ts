/** One picture of the whole bus. */
import type { Claim } from "../bus/claim";
import { timestamp } from "../bus/clock";
import type { Liveness } from "../bus/liveness";
import type { Lock } from "../bus/lock";
import type { SessionRecord } from "../bus/session";
import type { Stats, Overview } from "../bus/status";
import { openAlerts } from "./acknowledge";
import { claimColumns } from "./claim";
import type { Database, Statements } from "./database";
import { lifecycle } from "./event";
import { liveSessions } from "./liveness";
import { lockColumns, lockFrom, type LockRow } from "./lock";

/** How many alerts and lifecycle events a picture holds (R119). */
const alertLimit = 20;
const lifecycleLimit = 20;

export async function overview(
  s: Statements,
  liveness: Liveness,
  facts: Database["facts"],
): Promise<Overview> {
  const now = timestamp(liveness.now);
  const [records, locks, claims, unread, alerts, events, counted, database] = await Promise.all([
    liveSessions(s, liveness),
    fileLocks(s, now),
    taskClaims(s, now),
    unreadCounts(s, now),
    openAlerts(s, alertLimit, liveness.now),
    lifecycle(s, lifecycleLimit),
    counts(s, now),
    facts(s),
  ]);
  const picture = sessionsOf(records, { locks, claims }, unread, now);
  return {
    ...picture,
    alerts,
    lifecycle: events,
    stats: {
      active_sessions: records.length,
      ...counted,
      file_locks: picture.locks.length,
      task_claims: picture.claims.length,
      database,
    },
  };
}

/** The sessions with what they hold. Where nothing can be written the dead are not ended, and hold nothing all the same. */
function sessionsOf(
  records: readonly SessionRecord[],
  all: { locks: readonly Lock[]; claims: readonly Claim[] },
  unread: ReadonlyMap<string, number>,
  now: string,
): Pick<Overview, "sessions" | "started_today" | "locks" | "claims"> {
  const live = new Set(records.map((record) => record.session_id));
  const locks = all.locks.filter((lock) => live.has(lock.session_id));
  const claims = all.claims.filter((claim) => live.has(claim.session_id));
  const locksBy = Map.groupBy(locks, (lock) => lock.session_id);
  const claimsBy = Map.groupBy(claims, (claim) => claim.session_id);
  const today = now.slice(0, 10);
  return {
    sessions: records.map((record) => ({
      record,
      holdings: {
        claimed_tasks: claimsBy.get(record.session_id) ?? [],
        file_locks: (locksBy.get(record.session_id) ?? []).map((lock) => lock.file_path),
        unread_count: unread.get(record.session_id) ?? 0,
      },
    })),
    started_today: records.filter((record) => record.registered_at.startsWith(today)).length,
    locks,
    claims,
  };
}

async function fileLocks(s: Statements, now: string): Promise<Lock[]> {
  const rows = await s.all<LockRow>(
    `select ${lockColumns(s)} from parley.file_locks
      where expires_at is null or expires_at > $now order by file_path, machine_uuid`,
    { now },
  );
  return rows.map(lockFrom);
}

const taskClaims = (s: Statements, now: string): Promise<Claim[]> =>
  s.all<Claim>(
    `select ${claimColumns} from parley.task_claims
      where expires_at is null or expires_at > $now order by task_id`,
    { now },
  );

async function unreadCounts(s: Statements, now: string): Promise<Map<string, number>> {
  const rows = await s.all<{ session_id: string; count: number }>(
    `select d.session_id, count(*) as count
      from parley.deliveries d join parley.session_messages m on m.id = d.message_id
      where d.read_at is null and m.expires_at > $now group by d.session_id`,
    { now },
  );
  return new Map(rows.map((row) => [row.session_id, row.count]));
}

type Counts = Pick<
  Stats,
  | "total_sessions"
  | "legacy_messages"
  | "v2_messages"
  | "pending"
  | "delivered"
  | "read"
  | "unread_alerts"
>;

async function counts(s: Statements, now: string): Promise<Counts> {
  // Unread alerts are counted by their own index, so that the index by expiry suffices for the rest.
  const row = await s.get<Omit<Counts, "v2_messages">>(
    `select (select count(*) from parley.session_registry) as total_sessions,
        ${s.dialect.legacyMessages} as legacy_messages,
        (select count(*) from parley.session_messages
          where channel = 'operator_alert' and status <> 'read' and expires_at > $now) as unread_alerts,
        count(*) filter (where coalesce(status, 'pending') = 'pending') as pending,
        count(*) filter (where status = 'delivered') as delivered,
        count(*) filter (where status = 'read') as read
      from parley.session_messages where expires_at > $now`,
    { now },
  );
  const { total_sessions, legacy_messages, pending, delivered, read, unread_alerts } = row!;
  const v2_messages = pending + delivered + read;
  return {
    ...{ total_sessions, legacy_messages, v2_messages },
    ...{ pending, delivered, read, unread_alerts },
  };
}
