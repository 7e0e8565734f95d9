/** Sessions: row, lookups, judging in rotation. */
import { parseTime, timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Holdings, SessionRecord } from "../../bus/session";
import { fromRow, notActive, type SessionRow } from "../rows/session";
import { heartbeatGrain, isTurn, rotation } from "../rows/tending";
import type { Connection } from "./connection";
import { endSession } from "./ending";

const select = "select * from session_registry";

export const sessionRow = (c: Connection, session_id: string): SessionRow | null =>
  c.get<SessionRow>(`${select} where session_id = $session_id`, { session_id });

export function sessionRecord(c: Connection, session_id: string): SessionRecord | null {
  const row = sessionRow(c, session_id);
  return row && fromRow(row);
}

/** A live session by its id. */
export function liveRecord(c: Connection, session_id: string): SessionRecord | null {
  const record = sessionRecord(c, session_id);
  return record?.stored_status === "terminated" ? null : record;
}

/** A live session that is to act; throws `not_registered` where it has ended. */
export function requireLive(c: Connection, session_id: string): SessionRecord {
  const record = liveRecord(c, session_id);
  if (record) return record;
  throw notActive(session_id);
}

export function sessionsCalled(c: Connection, called: string): SessionRecord[] {
  const byId = liveRecord(c, called);
  if (byId) return [byId];
  return c
    .all<SessionRow>(`${select} where name = $called and status <> 'terminated'`, { called })
    .map(fromRow);
}

/** All live sessions, oldest first. The dead among them are left out; `endDead` ends them. */
export const liveSessions = (c: Connection, liveness: Liveness): SessionRecord[] =>
  notEnded(c).filter((record) => liveness.judge(record).ended === null);

/** Sessions as they stand, the dead among them, oldest first. */
export const notEnded = (c: Connection): SessionRecord[] =>
  c
    .all<SessionRow>(`${select} where status <> 'terminated' order by registered_at, session_id`)
    .map(fromRow);

/** Judges every session and ends the dead. Writes, and takes the write lock, only where there is one. */
export async function endDead(c: Connection, liveness: Liveness): Promise<void> {
  if (c.readOnly) return;
  const dead = (await c.read(() => notEnded(c))).filter(
    (record) => liveness.judge(record).ended !== null,
  );
  if (dead.length === 0) return;
  // Those that cannot be ended now are left out of what is shown all the same.
  c.tidy(() => {
    for (const { session_id } of dead) {
      // Read again: a sign of life that came in between wins.
      const record = liveRecord(c, session_id);
      if (record) endIfDead(c, record, liveness);
    }
  });
}

/** Ends the session where the judge says so; true where it is dead. */
export function endIfDead(c: Connection, record: SessionRecord, liveness: Liveness): boolean {
  const { ended } = liveness.judge(record);
  if (ended === null) return false;
  endSession(c, record, ended, liveness);
  return true;
}

function refreshHeartbeat(c: Connection, session_id: string, at: number): void {
  const known = at - (c.beatenAt.get(session_id) ?? Number.NEGATIVE_INFINITY);
  if (known >= 0 && known < heartbeatGrain) return;
  const live = c.get<{ heartbeat_at: string }>(
    "select heartbeat_at from session_registry where session_id = $session_id and status <> 'terminated'",
    { session_id },
  );
  const age = at - (parseTime(live?.heartbeat_at) ?? 0);
  // A clock that stepped back makes the age negative.
  if (!live) return;
  c.beatenAt.set(session_id, age >= 0 && age < heartbeatGrain ? at - age : at);
  if (age >= 0 && age < heartbeatGrain) return;
  c.run("update session_registry set heartbeat_at = $now where session_id = $session_id", {
    session_id,
    now: timestamp(at),
  });
}

/** Refreshes the heartbeat of the acting session and looks after 16 others. Part of every writing operation. */
export function tend(c: Connection, session_id: string, liveness: Liveness): void {
  refreshHeartbeat(c, session_id, liveness.now);
  if (!isTurn(c.tended)) return;
  const last =
    c.get<{ rowid: number | null }>("select max(rowid) as rowid from session_registry")?.rowid ?? 0;
  const from = last > rotation ? Math.floor(Math.random() * last) : 0;
  for (const row of c.all<SessionRow>(
    `${select} where status = 'active' and rowid > $from order by rowid limit ${rotation}`,
    { from },
  )) {
    if (row.session_id !== session_id) endIfDead(c, fromRow(row), liveness);
  }
}

export const holdings = (c: Connection, session_id: string, at: number): Holdings => ({
  ...held(c, session_id, at),
  unread_count: unreadCount(c, session_id, timestamp(at)),
});

/** What a session holds, without what waits for it. */
export function held(
  c: Connection,
  session_id: string,
  at: number,
): Omit<Holdings, "unread_count"> {
  const now = timestamp(at);
  return {
    claimed_tasks: c.all(
      `select task_id, coalesce(claim_type, 'exclusive') as claim_type from task_claims
        where session_id = $session_id and (expires_at is null or expires_at > $now) order by task_id`,
      { session_id, now },
    ),
    file_locks: c
      .all<{ file_path: string }>(
        `select file_path from file_locks
          where session_id = $session_id and (expires_at is null or expires_at > $now) order by file_path`,
        { session_id, now },
      )
      .map((row) => row.file_path),
  };
}

function unreadCount(c: Connection, mailbox: string, now: string): number {
  const row = c.get<{ count: number }>(
    `select count(*) as count from deliveries d join session_messages m on m.id = d.message_id
      where d.session_id = $mailbox and d.read_at is null and m.expires_at > $now`,
    { mailbox, now },
  );
  return row?.count ?? 0;
}
