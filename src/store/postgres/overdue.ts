/** What is past its time, by kind. */
import type { Claim } from "../../bus/claim";
import type { Removed } from "../../bus/cleanup";
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import { directed, type Expired, leasesAtOnce, nothing, undirected } from "../rows/overdue";
import { claimColumns, release as releaseClaim } from "./claim";
import type { Connection } from "./connection";
import type { Queries } from "./queries";
import { lockColumns, type LockRow, release as releaseLock } from "./lock";
import { liveSessions } from "./session";

/**
 * Removes at most `limit` things that are past their time, and counts them in `removed`. Returns how many there were:
 * fewer than `limit` where nothing is left.
 */
export type Sweep = (c: Queries, at: number, limit: number, removed: Removed) => Promise<number>;

/**
 * By an array of ids: where it joins instead, the server may read through a table. The condition stands twice, for an
 * alert that is raised again just now.
 */
const removeMessages =
  ({ condition, until }: Expired): Sweep =>
  async (c, at, limit, removed) => {
    const row = await c.get<{ all: number; alerts: number }>(
      `with gone as (
          delete from parley.session_messages where ${condition} and id = any(array(
            select id from parley.session_messages where ${condition} order by expires_at limit $limit))
          returning id, channel),
        seen as (delete from parley.deliveries where message_id = any(array(select id from gone))),
        highest as (
          update parley.upkeep set removed_to = greatest(removed_to, (select max(id) from gone))
            where id = 1 and exists (select 1 from gone))
        select count(*) as all, count(*) filter (where channel = 'operator_alert') as alerts from gone`,
      { until: until(at), limit },
    );
    const { all, alerts } = row!;
    removed.alerts += alerts;
    removed.messages += all - alerts;
    return all;
  };

/** A lock or claim that ran out, or that no live session holds. Not by `exists`, for which a table may be read through. */
const free = (table: string): string =>
  `(h.expires_at <= $now or coalesce((select s.status from parley.session_registry s
      where s.session_id = h.session_id), 'terminated') = 'terminated')`.replaceAll(
    "h.",
    `${table}.`,
  );

/** How many are on their way to the server at once. */
const crowd = 200;

/** Does the same for many, whose statements travel together and arrive in their order. */
async function together<Each>(
  all: readonly Each[],
  work: (each: Each) => Promise<void>,
): Promise<void> {
  for (let begin = 0; begin < all.length; begin += crowd) {
    await Promise.all(all.slice(begin, begin + crowd).map(work));
  }
}

const removeLocks: Sweep = async (c, at, limit, removed) => {
  const locks = await c.all<LockRow>(
    `select ${lockColumns} from parley.file_locks where ${free("file_locks")} order by file_path limit $limit`,
    { now: timestamp(at), limit },
  );
  await together(locks, (lock) => releaseLock(c, lock, "expire", at));
  removed.locks += locks.length;
  return locks.length;
};

const removeClaims: Sweep = async (c, at, limit, removed) => {
  const claims = await c.all<Claim>(
    `select ${claimColumns} from parley.task_claims where ${free("task_claims")} order by task_id limit $limit`,
    { now: timestamp(at), limit },
  );
  await together(claims, (claim) => releaseClaim(c, claim, "expire", at));
  removed.claims += claims.length;
  return claims.length;
};

/** Frees the leases that ran out, and so ends the alerts about them, before somebody looks. Writes only where there is one. */
export async function endLeases(
  connection: Connection,
  readOnly: boolean,
  { now: at }: Liveness,
): Promise<void> {
  if (readOnly) return;
  const ranOut = await connection.look((c) =>
    c.get(
      `select 1 from parley.file_locks where expires_at <= $now
        union all select 1 from parley.task_claims where expires_at <= $now limit 1`,
      { now: timestamp(at) },
    ),
  );
  if (ranOut === null) return;
  await connection.write(async (c) => {
    await removeLocks(c, at, leasesAtOnce, nothing());
    await removeClaims(c, at, leasesAtOnce, nothing());
  });
}

/** Sessions that ended long ago. Whoever has unread mail left stays, since it passes to the next of the conversation. */
const longEnded = `parley.session_registry r where status = 'terminated' and ended_at <= $before
  and not exists (select 1 from parley.deliveries d where d.session_id = r.session_id and d.read_at is null)`;

const keptSince = (c: Queries, at: number): string => timestamp(at - c.settings.endedSessions);

const removeSessions: Sweep = async (c, at, limit, removed) => {
  const count = await c.run(
    `delete from parley.session_registry where session_id = any(array(
      select session_id from ${longEnded} order by ended_at limit $limit))`,
    { before: keptSince(c, at), limit },
  );
  removed.sessions += count;
  return count;
};

/** Each costs what it removes, however much there is that is not past its time. */
export const otherSweeps: readonly Sweep[] = [removeLocks, removeClaims, removeSessions];
export const messageSweeps: readonly Sweep[] = [
  removeMessages(undirected),
  removeMessages(directed),
];

/** Whether `otherSweeps` would remove anything. */
export const anyRanOut = async (c: Queries, at: number): Promise<boolean> =>
  (await c.get(
    `(select 1 from parley.file_locks where ${free("file_locks")} limit 1)
      union all (select 1 from parley.task_claims where ${free("task_claims")} limit 1)
      union all (select 1 from ${longEnded} order by ended_at limit 1)`,
    { now: timestamp(at), before: keptSince(c, at) },
  )) !== null;

/** Counts what `cleanUp` would remove now. */
export async function overdue(c: Queries, liveness: Liveness): Promise<Removed> {
  const now = timestamp(liveness.now);
  const live = (await liveSessions(c, liveness)).map((record) => record.session_id);
  const removed = nothing();
  const counted = async (sql: string, bindings: Record<string, string | string[]>) =>
    (await c.get<{ count: number }>(`select count(*) as count from ${sql}`, bindings))?.count ?? 0;
  for (const [kind, table] of [
    ["locks", "file_locks"],
    ["claims", "task_claims"],
  ] as const) {
    removed[kind] = await counted(
      `parley.${table} where expires_at <= $now or session_id <> all($live::text[])`,
      { now, live },
    );
  }
  removed.sessions = await counted(longEnded, { before: keptSince(c, liveness.now) });
  for (const { condition, until } of [undirected, directed]) {
    const bindings = { until: until(liveness.now) };
    const messages = `parley.session_messages where ${condition}`;
    const alerts = await counted(`${messages} and channel = 'operator_alert'`, bindings);
    removed.messages += (await counted(messages, bindings)) - alerts;
    removed.alerts += alerts;
  }
  return removed;
}
