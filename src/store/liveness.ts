/** Signs of life, and ending the sessions that are dead. */
import { timestamp } from "../bus/clock";
import type { Liveness } from "../bus/liveness";
import type { SessionRecord } from "../bus/session";
import type { Bindings, Database, Statements, SweepState } from "./database";
import { endSession } from "./end-session";
import { liveRecord, notEnded, sessionsWhere } from "./session";

/**
 * A heartbeat younger than this, in milliseconds, is left as it is: every write wakes the processes that wait, and an agent
 * that runs several commands in a second is no more alive for each of them.
 */
const heartbeatGrain = 1000;

/** Sessions judged with every command of another, in rotation. */
const sweepSize = 16;
/** A process that has given more commands than this goes on … */
const everyCommand = 3;
/** … and sweeps no more often than this, in milliseconds: a sweep costs a millisecond with ten sessions. */
const sweepInterval = 5000;

/** A clock that stepped back leaves a heartbeat in the future, which is set right. */
export const heartbeat = `update parley.session_registry set heartbeat_at = $now where session_id = $beating
  and status <> 'terminated' and (heartbeat_at <= $old or heartbeat_at > $now)`;

export const heartbeatBindings = (beating: string, at: number): Bindings => ({
  ...{ beating, now: timestamp(at), old: timestamp(at - heartbeatGrain) },
});

export const refreshHeartbeat = (s: Statements, session_id: string, at: number): Promise<number> =>
  s.run(heartbeat, heartbeatBindings(session_id, at));

/** The heartbeat of a process that knows nothing of what the session does; the session may be idle all the same. */
export const automaticHeartbeat = (
  s: Statements,
  session_id: string,
  at: number,
): Promise<number> =>
  s.dialect.automaticHeartbeats
    ? s.run(
        `update parley.session_registry set kept_at = $now
          where session_id = $session_id and status <> 'terminated'`,
        { session_id, now: timestamp(at) },
      )
    : refreshHeartbeat(s, session_id, at);

/** Refreshes the heartbeat of the acting session and sweeps over 16 others. Part of every writing operation. */
export async function touchAndSweep(
  s: Statements,
  session_id: string,
  liveness: Liveness,
): Promise<void> {
  const [, others] = await Promise.all([
    refreshHeartbeat(s, session_id, liveness.now),
    nextToSweep(s, session_id),
  ]);
  await stillAlive(s, others, liveness);
}

/** Some other sessions that are to be judged now; none where this process has swept just before. */
export async function nextToSweep(s: Statements, session_id: string): Promise<SessionRecord[]> {
  if (!sweepDue(s.sweep)) return [];
  const { arrival } = s.dialect;
  return sessionsWhere(
    s,
    `status = 'active' and session_id <> $session_id and ${arrival} > (
        select case when max(${arrival}) > ${sweepSize} then $part::float8 * max(${arrival}) else 0 end
          from parley.session_registry where status = 'active')
      order by ${arrival} limit ${sweepSize}`,
    { session_id, part: Math.random() },
  );
}

/** Counts how often it is asked. */
function sweepDue(sweep: SweepState): boolean {
  const now = performance.now();
  if (++sweep.count > everyCommand && now - sweep.at < sweepInterval) return false;
  sweep.at = now;
  return true;
}

/** Ends the session where the judge says so; true where it is dead. */
export async function endIfDead(
  s: Statements,
  record: SessionRecord,
  liveness: Liveness,
): Promise<boolean> {
  const { ended } = liveness.judge(record);
  if (ended === null) return false;
  await endSession(s, record, ended, liveness);
  return true;
}

/** The sessions without those that are dead, which end here. */
export async function stillAlive(
  s: Statements,
  found: readonly SessionRecord[],
  liveness: Liveness,
): Promise<SessionRecord[]> {
  const living: SessionRecord[] = [];
  for (const record of found) if (!(await endIfDead(s, record, liveness))) living.push(record);
  return living;
}

/** All live sessions, oldest first. The dead among them are left out; `endAllDead` ends them. */
export const liveSessions = async (s: Statements, liveness: Liveness): Promise<SessionRecord[]> =>
  (await notEnded(s)).filter((record) => liveness.judge(record).ended === null);

/** Judges every session and ends the dead. Writes, and takes the lock of the writers, only where there is one. */
export async function endAllDead(db: Database, liveness: Liveness): Promise<void> {
  if (db.readOnly === null) await endDead(db, await db.query(notEnded), liveness);
}

/** Ends the dead among these sessions. A session that cannot be ended now is left out of what is shown all the same. */
export async function endDead(
  db: Database,
  sessions: readonly SessionRecord[],
  liveness: Liveness,
): Promise<void> {
  const dead = sessions.filter((record) => liveness.judge(record).ended !== null);
  if (dead.length === 0) return;
  await db.tidy(async (s) => {
    for (const { session_id } of dead) {
      // Read again: a sign of life that came in between wins.
      const record = await liveRecord(s, session_id);
      if (record) await endIfDead(s, record, liveness);
    }
  });
}
