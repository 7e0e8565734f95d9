/** The whole picture, and the numbers. */
import type { Claim } from "../../bus/claim";
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Lock } from "../../bus/lock";
import type { DatabaseFacts, LifecycleEvent, Stats } from "../../bus/status";
import type { Overview } from "../../bus/store";
import { lifecycleColumns, lifecycleFrom, type LifecycleRow } from "../rows/lifecycle";
import { alertLimit, lifecycleLimit, sessionsOf } from "../rows/overview";
import { openAlerts } from "./alert";
import { claimColumns } from "./claim";
import type { Queries } from "./queries";
import { lockColumns, type LockRow } from "./lock";
import { shape } from "./path";
import { liveSessions } from "./session";

export async function overview(
  c: Queries,
  liveness: Liveness,
  location: string,
): Promise<Overview> {
  const now = timestamp(liveness.now);
  const [records, locks, claims, unread, alerts, events, counted, database] = await Promise.all([
    liveSessions(c, liveness),
    fileLocks(c, now),
    taskClaims(c, now),
    unreadCounts(c, now),
    openAlerts(c, alertLimit, liveness.now),
    lifecycle(c, lifecycleLimit),
    counts(c, now),
    facts(c, location),
  ]);
  const picture = sessionsOf(records, { locks, claims }, unread, now);
  return {
    ...picture,
    alerts,
    lifecycle: events,
    stats: {
      ...counted,
      active_sessions: records.length,
      legacy_messages: 0,
      file_locks: picture.locks.length,
      task_claims: picture.claims.length,
      database,
    },
  };
}

async function fileLocks(c: Queries, now: string): Promise<Lock[]> {
  const rows = await c.all<LockRow>(
    `select ${lockColumns} from parley.file_locks
      where expires_at is null or expires_at > $now order by file_path, machine_uuid`,
    { now },
  );
  return rows.map(shape);
}

const taskClaims = (c: Queries, now: string): Promise<Claim[]> =>
  c.all<Claim>(
    `select ${claimColumns} from parley.task_claims
      where expires_at is null or expires_at > $now order by task_id`,
    { now },
  );

async function unreadCounts(c: Queries, now: string): Promise<Map<string, number>> {
  const rows = await c.all<{ session_id: string; count: number }>(
    `select d.session_id, count(*) as count
      from parley.deliveries d join parley.session_messages m on m.id = d.message_id
      where d.read_at is null and m.expires_at > $now group by d.session_id`,
    { now },
  );
  return new Map(rows.map((row) => [row.session_id, row.count]));
}

export async function lifecycle(c: Queries, limit: number): Promise<LifecycleEvent[]> {
  const rows = await c.all<LifecycleRow>(
    `select ${lifecycleColumns} from parley.session_messages
      where channel = 'session_lifecycle' order by id desc limit $limit`,
    { limit },
  );
  return rows.map(lifecycleFrom);
}

type Counts = Pick<
  Stats,
  "total_sessions" | "v2_messages" | "pending" | "delivered" | "read" | "unread_alerts"
>;

async function counts(c: Queries, now: string): Promise<Counts> {
  const row = await c.get<Omit<Counts, "v2_messages">>(
    `select (select count(*) from parley.session_registry) as total_sessions,
        count(*) filter (where status = 'pending') as pending,
        count(*) filter (where status = 'delivered') as delivered,
        count(*) filter (where status = 'read') as read,
        count(*) filter (where channel = 'operator_alert' and status <> 'read') as unread_alerts
      from parley.session_messages where expires_at > $now`,
    { now },
  );
  const { pending, delivered, read, total_sessions, unread_alerts } = row!;
  const v2_messages = pending + delivered + read;
  return { total_sessions, v2_messages, pending, delivered, read, unread_alerts };
}

export async function facts(c: Queries, location: string): Promise<DatabaseFacts> {
  const row = await c.get<{ size: number; version: number }>(
    `select (select max(version) from parley._schema_version) as version,
      coalesce((select sum(pg_total_relation_size(oid)) from pg_class
        where relkind = 'r' and relnamespace = $schema::regnamespace), 0)::bigint as size`,
    { schema: c.surroundings.schema },
  );
  return {
    path: location,
    size_bytes: row?.size ?? 0,
    // The server's log is one for all its databases.
    wal_bytes: 0,
    journal_mode: "wal",
    schema_version: row?.version ?? 0,
  };
}
