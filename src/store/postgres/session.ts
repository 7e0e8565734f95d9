/** Sessions: lookups, heartbeats, judging in rotation. */
import { timestamp } from "../../bus/clock";
import type { CallerEvidence } from "../../bus/identity";
import type { Liveness } from "../../bus/liveness";
import type { Holdings, SessionRecord } from "../../bus/session";
import { callersAmong } from "../rows/clues";
import { fromRow, notActive, type SessionRow } from "../rows/session";
import { heartbeatGrain, isTurn, rotation } from "../rows/tending";
import type { Connection } from "./connection";
import type { Bindings, Queries } from "./queries";
import { endSession } from "./ending";

const select = "select * from parley.session_registry";

export const sessionRow = (c: Queries, session_id: string): Promise<SessionRow | null> =>
  c.get<SessionRow>(`${select} where session_id = $session_id`, { session_id });

export async function sessionRecord(c: Queries, session_id: string): Promise<SessionRecord | null> {
  const row = await sessionRow(c, session_id);
  return row && fromRow(row);
}

/** A live session by its id. */
export async function liveRecord(c: Queries, session_id: string): Promise<SessionRecord | null> {
  const record = await sessionRecord(c, session_id);
  return record?.stored_status === "terminated" ? null : record;
}

/** A live session that is to act; throws `not_registered` where it has ended. */
export async function requireLive(c: Queries, session_id: string): Promise<SessionRecord> {
  const record = await liveRecord(c, session_id);
  if (record) return record;
  throw notActive(session_id);
}

const records = async (
  c: Queries,
  condition: string,
  bindings: Bindings = {},
): Promise<SessionRecord[]> =>
  (await c.all<SessionRow>(`${select} where ${condition}`, bindings)).map(fromRow);

export async function sessionsCalled(c: Queries, called: string): Promise<SessionRecord[]> {
  const byId = await liveRecord(c, called);
  return byId ? [byId] : records(c, "name = $called and status <> 'terminated'", { called });
}

export async function sessionsByClues(
  c: Queries,
  clues: CallerEvidence,
  machine_uuid: string,
): Promise<SessionRecord[]> {
  const byAncestor = await Promise.all(
    clues.ancestors.map(({ pid, start_ticks, boot_id, pid_namespace }) =>
      records(
        c,
        `pid = $pid and status <> 'terminated' and start_ticks = $start_ticks
          and boot_id = $boot_id and pid_namespace = $pid_namespace`,
        { pid, start_ticks, boot_id, pid_namespace },
      ),
    ),
  );
  const nearest = byAncestor.find((found) => found.length > 0);
  const callers = nearest && callersAmong(nearest, clues);
  if (callers) return callers;
  for (const session_uuid of clues.conversation_ids) {
    const condition = "session_uuid = $session_uuid and status <> 'terminated'";
    const found = await records(c, condition, { session_uuid });
    if (found.length > 0) return found;
  }
  if (clues.tty === null) return [];
  const onTty = await records(
    c,
    "tty = $tty and machine_uuid = $machine_uuid and status <> 'terminated'",
    { tty: clues.tty, machine_uuid },
  );
  return onTty.length === 1 ? onTty : [];
}

/** All live sessions, oldest first. The dead among them are left out; `endDead` ends them. */
export const liveSessions = async (c: Queries, liveness: Liveness): Promise<SessionRecord[]> =>
  (await notEnded(c)).filter((record) => liveness.judge(record).ended === null);

/** Sessions as they stand, the dead among them, oldest first. */
export const notEnded = (c: Queries): Promise<SessionRecord[]> =>
  records(c, "status <> 'terminated' order by registered_at, session_id");

/** Judges every session and ends the dead. Writes only where there is one. */
export async function endDead(
  connection: Connection,
  readOnly: boolean,
  liveness: Liveness,
): Promise<void> {
  if (readOnly) return;
  const dead = (await connection.look(notEnded)).filter(
    (record) => liveness.judge(record).ended !== null,
  );
  if (dead.length === 0) return;
  await connection.write(async (c) => {
    for (const { session_id } of dead) {
      // Read again: a sign of life that came in between wins.
      const record = await liveRecord(c, session_id);
      if (record) await endIfDead(c, record, liveness);
    }
  });
}

/** Ends the session where the judge says so; true where it is dead. */
export async function endIfDead(
  c: Queries,
  record: SessionRecord,
  liveness: Liveness,
): Promise<boolean> {
  const { ended } = liveness.judge(record);
  if (ended === null) return false;
  await endSession(c, record, ended, liveness);
  return true;
}

/** Without those who are dead, who end here. */
export async function alive(
  c: Queries,
  found: readonly SessionRecord[],
  liveness: Liveness,
): Promise<SessionRecord[]> {
  const living: SessionRecord[] = [];
  for (const record of found) if (!(await endIfDead(c, record, liveness))) living.push(record);
  return living;
}

/** A clock that stepped back leaves a heartbeat in the future, which is set right. */
export const beat = `update parley.session_registry set heartbeat_at = $now where session_id = $beating
  and status <> 'terminated' and (heartbeat_at <= $old or heartbeat_at > $now)`;

export const beatBindings = (beating: string, at: number): Bindings => ({
  ...{ beating, now: timestamp(at), old: timestamp(at - heartbeatGrain) },
});

/** Something that knows nothing of what it does beats for it. */
export const keep = (c: Queries, session_id: string, at: number): Promise<number> =>
  c.run(
    `update parley.session_registry set kept_at = $now
      where session_id = $session_id and status <> 'terminated'`,
    { session_id, now: timestamp(at) },
  );

export const refreshHeartbeat = (c: Queries, session_id: string, at: number): Promise<number> =>
  c.run(beat, beatBindings(session_id, at));

/** Refreshes the heartbeat of the acting session and looks after 16 others. Part of every writing operation. */
export async function tend(c: Queries, session_id: string, liveness: Liveness): Promise<void> {
  const [, others] = await Promise.all([
    refreshHeartbeat(c, session_id, liveness.now),
    inRotation(c, session_id),
  ]);
  await alive(c, others, liveness);
}

/** Some other sessions whose turn it is to be judged; none where this process has asked just before. */
export async function inRotation(c: Queries, session_id: string): Promise<SessionRecord[]> {
  if (!isTurn(c.surroundings.tended)) return [];
  return records(
    c,
    `status = 'active' and session_id <> $session_id and number > (
        select case when max(number) > ${rotation} then floor(random() * max(number)) else 0 end
          from parley.session_registry where status = 'active')
      order by number limit ${rotation}`,
    { session_id },
  );
}

export async function holdings(c: Queries, session_id: string, at: number): Promise<Holdings> {
  const [held_, unread] = await Promise.all([
    held(c, session_id, at),
    c.get<{ count: number }>(
      `select count(*) as count from parley.deliveries d
        join parley.session_messages m on m.id = d.message_id
        where d.session_id = $mailbox and d.read_at is null and m.expires_at > $now`,
      { mailbox: session_id, now: timestamp(at) },
    ),
  ]);
  return { ...held_, unread_count: unread?.count ?? 0 };
}

/** What a session holds, without what waits for it. */
export async function held(
  c: Queries,
  session_id: string,
  at: number,
): Promise<Omit<Holdings, "unread_count">> {
  const now = timestamp(at);
  const [claimed_tasks, locks] = await Promise.all([
    c.all<Holdings["claimed_tasks"][number]>(
      `select task_id, claim_type from parley.task_claims
        where session_id = $session_id and (expires_at is null or expires_at > $now) order by task_id`,
      { session_id, now },
    ),
    c.all<{ file_path: string }>(
      `select file_path from parley.file_locks
        where session_id = $session_id and (expires_at is null or expires_at > $now) order by file_path`,
      { session_id, now },
    ),
  ]);
  return { claimed_tasks, file_locks: locks.map((row) => row.file_path) };
}
