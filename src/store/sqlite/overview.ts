/** The whole picture, and the numbers. */
import { existsSync, statSync } from "node:fs";

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
import type { Connection } from "./connection";
import { lockColumns } from "./lock";
import { liveSessions } from "./session";

export function overview(c: Connection, liveness: Liveness): Overview {
  const records = liveSessions(c, liveness);
  const now = timestamp(liveness.now);
  const held = { locks: fileLocks(c, now), claims: taskClaims(c, now) };
  const picture = sessionsOf(records, held, unreadCounts(c, now), now);
  const { locks, claims } = picture;
  return {
    ...picture,
    alerts: openAlerts(c, alertLimit, liveness.now),
    lifecycle: lifecycle(c, lifecycleLimit),
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
