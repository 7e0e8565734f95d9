import { existsSync, statSync } from "node:fs";

import type { Claim } from "../../bus/claim";
import { timestamp } from "../../bus/clock";
import type { Moment } from "../../bus/liveness";
import type { Lock } from "../../bus/lock";
import type { Holdings } from "../../bus/session";
import type { DatabaseFacts, LifecycleEvent, Stats } from "../../bus/status";
import type { Overview } from "../../bus/store";
import { lifecycleColumns, lifecycleFrom, type LifecycleRow } from "../rows/lifecycle";
import { openAlerts } from "./alert";
import { claimColumns } from "./claim";
import type { Connection } from "./connection";
import { lockColumns } from "./lock";
import { liveSessions } from "./session";

/** How many alerts and lifecycle events a picture holds (R119). */
const alertLimit = 20;
const lifecycleLimit = 20;

export function overview(c: Connection, moment: Moment): Overview {
  const records = liveSessions(c, moment);
  const now = timestamp(moment.at);
  const live = new Set(records.map((record) => record.session_id));
  // On read-only media nobody ends the dead, who hold nothing all the same.
  const locks = fileLocks(c, now).filter((lock) => live.has(lock.session_id));
  const claims = taskClaims(c, now).filter((claim) => live.has(claim.session_id));
  const unread = unreadCounts(c, now);
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
      } satisfies Holdings,
    })),
    alerts: openAlerts(c, alertLimit, moment.at),
    lifecycle: lifecycle(c, lifecycleLimit),
    started_today: records.filter((record) => record.registered_at.startsWith(today)).length,
    locks,
    claims,
    stats: stats(c, now, records.length, locks.length, claims.length),
  };
}

const fileLocks = (c: Connection, now: string): Lock[] =>
  c.all(
    `select ${lockColumns} from file_locks where expires_at is null or expires_at > $now order by file_path`,
    { now },
  );

const taskClaims = (c: Connection, now: string): Claim[] =>
  c.all(
    `select ${claimColumns} from task_claims where expires_at is null or expires_at > $now order by task_id`,
    { now },
  );

function unreadCounts(c: Connection, now: string): Map<string, number> {
  const rows = c.all<{ session_id: string; count: number }>(
    `select d.session_id, count(*) as count from deliveries d join session_messages m on m.id = d.message_id
      where d.read_at is null and m.expires_at > $now group by d.session_id`,
    { now },
  );
  return new Map(rows.map((row) => [row.session_id, row.count]));
}

export const lifecycle = (c: Connection, limit: number): LifecycleEvent[] =>
  c
    .all<LifecycleRow>(
      `select ${lifecycleColumns} from session_messages
        where channel = 'session_lifecycle' order by id desc limit $limit`,
      { limit },
    )
    .map(lifecycleFrom);

function stats(c: Connection, now: string, active: number, locks: number, claims: number): Stats {
  const count = (sql: string, bindings = {}): number =>
    c.get<{ count: number }>(sql, bindings)?.count ?? 0;
  const state = (status: string): number =>
    count(
      "select count(*) as count from session_messages where expires_at > $now and coalesce(status, 'pending') = $status",
      { now, status },
    );
  const [pending, delivered, read] = [state("pending"), state("delivered"), state("read")];
  return {
    active_sessions: active,
    total_sessions: count("select count(*) as count from session_registry"),
    legacy_messages: count("select count(*) as count from inter_session_messages"),
    v2_messages: pending + delivered + read,
    pending,
    delivered,
    read,
    unread_alerts: count(
      `select count(*) as count from session_messages
        where channel = 'operator_alert' and status <> 'read' and expires_at > $now`,
      { now },
    ),
    file_locks: locks,
    task_claims: claims,
    database: facts(c),
  };
}

/** Sizes are asked of SQLite and of the directory entry; the files themselves are never opened beside it. */
export function facts(c: Connection): DatabaseFacts {
  const row = c.get<{ size: number; journal_mode: string; version: number }>(
    `select (select page_count from pragma_page_count) * (select page_size from pragma_page_size) as size,
      (select journal_mode from pragma_journal_mode) as journal_mode,
      (select max(version) from _schema_version) as version`,
  );
  const wal = `${c.path}-wal`;
  return {
    path: c.path,
    size_bytes: row?.size ?? 0,
    wal_bytes: existsSync(wal) ? statSync(wal).size : 0,
    journal_mode: row?.journal_mode ?? "unknown",
    schema_version: row?.version ?? 0,
  };
}
