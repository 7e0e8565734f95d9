/** What is past its time: counting it, and removing it in batches. */
import type { Removed } from "../bus/cleanup";
import type { Claim } from "../bus/claim";
import { timestamp } from "../bus/clock";
import type { Liveness } from "../bus/liveness";
import { claimColumns, releaseClaim } from "./claim";
import type { Database, Statements } from "./database";
import { liveSessions } from "./liveness";
import { lockColumns, type LockRow, releaseLock } from "./lock";
import type { Expired, Upkeep } from "./upkeep";

/**
 * An expired directed message is hidden at once and kept this much longer, in milliseconds, so that a jump of the
 * clock loses no mail.
 */
export const grace = 24 * 3600 * 1000;

const undirected: Expired = {
  condition: "recipient_id is null and expires_at <= $until",
  until: timestamp,
};

/** Swept after the undirected ones, which lie between them in the same index. */
const directed: Expired = {
  condition: "recipient_id is not null and expires_at <= $until",
  until: (at) => timestamp(at - grace),
};

export const nothing = (): Removed => ({
  messages: 0,
  sessions: 0,
  locks: 0,
  claims: 0,
  alerts: 0,
});

/**
 * Removes at most `limit` things that are past their time, and counts them in `removed`. Returns how many there were:
 * fewer than `limit` where nothing is left.
 */
export type Sweep = (s: Statements, at: number, limit: number, removed: Removed) => Promise<number>;

/**
 * Condition: a lock or claim ran out, or no live session holds it. Not by `exists`, for which PostgreSQL may read through
 * the table.
 */
const free = (table: "file_locks" | "task_claims"): string =>
  `(${table}.expires_at <= $now or coalesce((select r.status from parley.session_registry r
      where r.session_id = ${table}.session_id), 'terminated') = 'terminated')`;

const selectLocks = (s: Statements, condition: string): string =>
  `select ${lockColumns(s)} from parley.file_locks where ${condition} order by file_path limit $limit`;
const selectClaims = (condition: string): string =>
  `select ${claimColumns} from parley.task_claims where ${condition} order by task_id limit $limit`;

/** How many things are freed at once, whose statements travel to a server together. */
const crowd = 200;

async function forEach<Each>(
  all: readonly Each[],
  work: (each: Each) => Promise<void>,
): Promise<number> {
  for (let begin = 0; begin < all.length; begin += crowd) {
    await Promise.all(all.slice(begin, begin + crowd).map(work));
  }
  return all.length;
}

const removeLocks: Sweep = async (s, at, limit, removed) => {
  const bindings = { now: timestamp(at), limit };
  const locks = await s.all<LockRow>(selectLocks(s, free("file_locks")), bindings);
  removed.locks += locks.length;
  return forEach(locks, (lock) => releaseLock(s, lock, "expire", at));
};

const removeClaims: Sweep = async (s, at, limit, removed) => {
  const bindings = { now: timestamp(at), limit };
  const claims = await s.all<Claim>(selectClaims(free("task_claims")), bindings);
  removed.claims += claims.length;
  return forEach(claims, (claim) => releaseClaim(s, claim, "expire", at));
};

/** Sessions that ended long ago. A session with unread mail stays, since its mail passes to the next of the conversation. */
const longEnded = ({ dialect }: Statements): string =>
  `parley.session_registry r ${dialect.byEnd} where status = 'terminated' and ${dialect.endedAt} <= $before
    and not exists (select 1 from parley.deliveries d where d.session_id = r.session_id and d.read_at is null)`;

const keptSince = (s: Statements, at: number): string => timestamp(at - s.settings.endedSessions);

const removeSessions: Sweep = async (s, at, limit, removed) => {
  const count = await s.run(
    `delete from parley.session_registry where session_id ${s.dialect.among(
      `select session_id from ${longEnded(s)} order by ${s.dialect.endedAt} limit $limit`,
    )}`,
    { before: keptSince(s, at), limit },
  );
  removed.sessions += count;
  return count;
};

const removeExpired =
  (upkeep: Upkeep, expired: Expired): Sweep =>
  async (s, at, limit, removed) => {
    const { all, alerts } = await upkeep.removeMessages(s, expired, at, limit);
    removed.alerts += alerts;
    removed.messages += all - alerts;
    return all;
  };

/** Each costs what it removes, however much there is that is not past its time. */
export const holdingSweeps: readonly Sweep[] = [removeLocks, removeClaims, removeSessions];

export const messageSweeps = (upkeep: Upkeep): Sweep[] =>
  [undirected, directed].map((expired) => removeExpired(upkeep, expired));

/** Rows of other programs may have to be walked over to find those past their time. */
export const legacySweeps = (upkeep: Upkeep): Sweep[] => [
  ...upkeep.openEnded.map((expired) => removeExpired(upkeep, expired)),
  ...(upkeep.legacyMessages ? [removeLegacy(upkeep.legacyMessages)] : []),
];

const removeLegacy =
  ({ remove }: NonNullable<Upkeep["legacyMessages"]>): Sweep =>
  async (s, at, limit, removed) => {
    const count = await remove(s, at, limit);
    removed.messages += count;
    return count;
  };

/** Whether `holdingSweeps` would remove anything. */
export async function anyRanOut(s: Statements, at: number): Promise<boolean> {
  const found = await Promise.all([
    s.get(`select 1 from parley.file_locks where ${free("file_locks")} limit 1`, {
      now: timestamp(at),
    }),
    s.get(`select 1 from parley.task_claims where ${free("task_claims")} limit 1`, {
      now: timestamp(at),
    }),
    s.get(`select 1 from ${longEnded(s)} order by ${s.dialect.endedAt} limit 1`, {
      before: keptSince(s, at),
    }),
  ]);
  return found.some((each) => each !== null);
}

/** How many leases a reader frees: a look must not keep writers out for long, and they free the rest. */
const leasesAtOnce = 500;

/**
 * Frees the leases that ran out, and so ends the alerts about them, before everything is shown. Writes, and takes the lock
 * of the writers, only where there is one. Leases that cannot be freed now are left out of what is shown all the same.
 */
export async function endLeases(db: Database, { now: at }: Liveness): Promise<void> {
  if (db.readOnly !== null) return;
  const bindings = { now: timestamp(at), limit: 1 };
  const ranOut = await db.query((s) =>
    Promise.all([
      s.get(selectLocks(s, "expires_at <= $now"), bindings),
      s.get(selectClaims("expires_at <= $now"), bindings),
    ]),
  );
  if (ranOut.every((each) => each === null)) return;
  await db.tidy(async (s) => {
    await removeLocks(s, at, leasesAtOnce, nothing());
    await removeClaims(s, at, leasesAtOnce, nothing());
  });
}

/** Counts what `cleanUp` would remove now. */
export async function overdue(s: Statements, upkeep: Upkeep, liveness: Liveness): Promise<Removed> {
  const removed = nothing();
  const live = new Set((await liveSessions(s, liveness)).map((record) => record.session_id));
  removed.locks = await countFree(s, "file_locks order by file_path", live, liveness.now);
  removed.claims = await countFree(s, "task_claims order by task_id", live, liveness.now);
  removed.sessions = await count(s, longEnded(s), { before: keptSince(s, liveness.now) });
  for (const { condition, until } of [undirected, directed, ...upkeep.openEnded]) {
    const bindings = { until: until(liveness.now) };
    const messages = `parley.session_messages where ${condition}`;
    const alerts = await count(s, `${messages} and channel = 'operator_alert'`, bindings);
    removed.messages += (await count(s, messages, bindings)) - alerts;
    removed.alerts += alerts;
  }
  removed.messages += (await upkeep.legacyMessages?.countOverdue(s, liveness.now)) ?? 0;
  return removed;
}

async function countFree(
  s: Statements,
  from: string,
  live: ReadonlySet<string>,
  at: number,
): Promise<number> {
  const now = timestamp(at);
  const rows = await s.all<{ session_id: string; expires_at: string | null }>(
    `select session_id, expires_at from parley.${from}`,
  );
  return rows.filter(
    ({ session_id, expires_at }) =>
      (expires_at !== null && expires_at <= now) || !live.has(session_id),
  ).length;
}

const count = async (
  s: Statements,
  from: string,
  bindings: Record<string, string>,
): Promise<number> =>
  (await s.get<{ count: number }>(`select count(*) as count from ${from}`, bindings))?.count ?? 0;
