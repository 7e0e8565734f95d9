/** What is past its time, by kind. */
import type { Claim } from "../../bus/claim";
import type { Removed } from "../../bus/cleanup";
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Lock } from "../../bus/lock";
import { directed, type Expired, grace, leasesAtOnce, nothing, undirected } from "../rows/overdue";
import { claimColumns, release as releaseClaim } from "./claim";
import type { Connection } from "./connection";
import { lockColumns, release as releaseLock } from "./lock";
import { liveSessions } from "./session";

/**
 * Removes at most `limit` things that are past their time, and counts them in `removed`. Returns how many there were:
 * fewer than `limit` where nothing is left.
 */
export type Sweep = (c: Connection, at: number, limit: number, removed: Removed) => number;

/** SQLite reads both forms in which times were ever stored. A row without a legible time is left alone. */
const lived = (kept: string): string =>
  `unixepoch(created_at) + ${kept} <= unixepoch($until) and created_at <= $until`;

/** Of other programs: v1.0's messages, and messages of our table whose end was left open. */
const legacyExpired = lived("coalesce(ttl_seconds, 300)");
const openEnded: Expired = {
  condition: `expires_at is null and ${lived(
    `case when recipient_id is null then coalesce(ttl_seconds, 300) else ${(2 * grace) / 1000} end`,
  )}`,
  until: timestamp,
};

const removeMessages =
  ({ condition, until }: Expired): Sweep =>
  (c, at, limit, removed) => {
    const rows = c.all<{ id: number; alert: number }>(
      `delete from session_messages where id in (
          select id from session_messages where ${condition} order by expires_at limit $limit)
        returning id, channel = 'operator_alert' as alert`,
      { until: until(at), limit },
    );
    if (rows.length === 0) return 0;
    c.run("delete from deliveries where message_id in (select value from json_each($ids))", {
      ids: JSON.stringify(rows.map((row) => row.id)),
    });
    const alerts = rows.filter((row) => row.alert === 1).length;
    removed.alerts += alerts;
    removed.messages += rows.length - alerts;
    return rows.length;
  };

/** A lock or claim that ran out, or that no live session holds. */
const free = (table: string): string =>
  `(expires_at <= $now or not exists (select 1 from session_registry s
      where s.session_id = ${table}.session_id and s.status <> 'terminated'))`;

const removeLocks: Sweep = (c, at, limit, removed) => {
  const locks = c.all<Lock>(
    `select ${lockColumns} from file_locks where ${free("file_locks")} order by file_path limit $limit`,
    { now: timestamp(at), limit },
  );
  for (const lock of locks) releaseLock(c, lock, "expire", at);
  removed.locks += locks.length;
  return locks.length;
};

const removeClaims: Sweep = (c, at, limit, removed) => {
  const claims = c.all<Claim>(
    `select ${claimColumns} from task_claims where ${free("task_claims")} order by task_id limit $limit`,
    { now: timestamp(at), limit },
  );
  for (const claim of claims) releaseClaim(c, claim, "expire", at);
  removed.claims += claims.length;
  return claims.length;
};

/**
 * Frees the leases that ran out, and so ends the alerts about them, before somebody looks. Writes, and takes the write
 * lock, only where there is one.
 */
export async function endLeases(c: Connection, { now: at }: Liveness): Promise<void> {
  if (c.readOnly) return;
  const now = timestamp(at);
  const ranOut = await c.patiently(
    () =>
      c.get("select 1 from file_locks where expires_at <= $now order by file_path limit 1", {
        now,
      }) ??
      c.get("select 1 from task_claims where expires_at <= $now order by task_id limit 1", { now }),
  );
  if (ranOut === null) return;
  // Those that cannot be freed now are left out of what is shown all the same.
  c.tidy(() => {
    removeLocks(c, at, leasesAtOnce, nothing());
    removeClaims(c, at, leasesAtOnce, nothing());
  });
}

/** Sessions that ended long ago. Whoever has unread mail left stays, since it passes to the next of the conversation. */
const longEnded = `session_registry indexed by ended_session
  where status = 'terminated' and coalesce(ended_at, heartbeat_at) <= $before
  and not exists (select 1 from deliveries d where d.session_id = session_registry.session_id and d.read_at is null)`;

const keptSince = (c: Connection, at: number): string => timestamp(at - c.settings.endedSessions);

const removeSessions: Sweep = (c, at, limit, removed) => {
  const count = c.run(
    `delete from session_registry where session_id in (
      select session_id from ${longEnded}
        order by coalesce(ended_at, heartbeat_at) limit $limit)`,
    { before: keptSince(c, at), limit },
  );
  removed.sessions += count;
  return count;
};

const removeLegacy: Sweep = (c, at, limit, removed) => {
  const count = c.run(
    `delete from inter_session_messages where id in (
      select id from inter_session_messages where ${legacyExpired} order by created_at limit $limit)`,
    { until: timestamp(at), limit },
  );
  removed.messages += count;
  return count;
};

/** What our own rows need: each costs what it removes, however much there is that is not past its time. */
export const ownSweeps: readonly Sweep[] = [
  removeLocks,
  removeClaims,
  removeSessions,
  removeMessages(undirected),
  removeMessages(directed),
];

/** Everything. The rows of other programs may have to be walked over to find those past their time. */
export const allSweeps: readonly Sweep[] = [...ownSweeps, removeMessages(openEnded), removeLegacy];

/** Counts what `cleanUp` would remove now. */
export function overdue(c: Connection, liveness: Liveness): Removed {
  const now = timestamp(liveness.now);
  const live = new Set(liveSessions(c, liveness).map((record) => record.session_id));
  const isFree = (held: Lock | Claim): boolean =>
    (held.expires_at !== null && held.expires_at <= now) || !live.has(held.session_id);
  const removed = nothing();
  removed.locks = c
    .all<Lock>(`select ${lockColumns} from file_locks order by file_path`)
    .filter(isFree).length;
  removed.claims = c
    .all<Claim>(`select ${claimColumns} from task_claims order by task_id`)
    .filter(isFree).length;
  removed.sessions = counted(
    c.all(`select count(*) as count from ${longEnded}`, {
      before: keptSince(c, liveness.now),
    }),
  );
  for (const { condition, until } of [undirected, directed, openEnded]) {
    const bindings = { until: until(liveness.now) };
    const messages = `select count(*) as count from session_messages where ${condition}`;
    const alerts = counted(c.all(`${messages} and channel = 'operator_alert'`, bindings));
    removed.messages += counted(c.all(messages, bindings)) - alerts;
    removed.alerts += alerts;
  }
  removed.messages += counted(
    c.all(`select count(*) as count from inter_session_messages where ${legacyExpired}`, {
      until: now,
    }),
  );
  return removed;
}

const counted = ([row]: { count: number }[]): number => row?.count ?? 0;
