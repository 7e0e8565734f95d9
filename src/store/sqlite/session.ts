import { parseTime, timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Clues } from "../../bus/identity";
import type { Moment } from "../../bus/liveness";
import { activities, type Activity, type Holdings, type SessionRecord } from "../../bus/session";
import type { Connection } from "./connection";
import { endSession } from "./ending";

export interface SessionRow {
  session_id: string;
  llm_vendor: string;
  llm_model: string | null;
  tty: string | null;
  pid: number | null;
  project_id: string | null;
  task_id: string | null;
  active_files: string | null;
  activity: string | null;
  activity_since: string | null;
  heartbeat_at: string;
  registered_at: string;
  status: string | null;
  session_uuid: string | null;
  machine_uuid: string | null;
  hostname: string | null;
  cwd: string | null;
  name: string | null;
  liveness: string | null;
  boot_id: string | null;
  host_id: string | null;
  pid_namespace: string | null;
  start_ticks: string | null;
  promised_beats: number | null;
  shared_host: number | null;
  ended_at: string | null;
  end_reason: string | null;
  ended_message_id: number | null;
}

export function fromRow(row: SessionRow): SessionRecord {
  const { pid, boot_id, start_ticks } = row;
  return {
    session_id: row.session_id,
    name: row.name,
    session_uuid: row.session_uuid,
    machine_uuid: row.machine_uuid,
    hostname: row.hostname,
    llm_vendor: row.llm_vendor,
    llm_model: row.llm_model,
    project_id: row.project_id,
    task_id: row.task_id,
    tty: row.tty,
    cwd: row.cwd,
    pid,
    evidence:
      pid !== null && boot_id !== null && start_ticks !== null
        ? {
            boot_id,
            host_id: row.host_id,
            pid_namespace: row.pid_namespace ?? "",
            pid,
            start_ticks,
          }
        : null,
    liveness: row.liveness === "pid" ? "pid" : "heartbeat",
    promised_beats: row.promised_beats === 1,
    shared_host: row.shared_host === 1,
    active_files: fileList(row.active_files),
    activity: activityOf(row),
    stored_status: row.status === "terminated" || row.status === "idle" ? row.status : "active",
    registered_at: row.registered_at,
    heartbeat_at: row.heartbeat_at,
    ended_at: row.ended_at,
    end_reason: row.end_reason,
  };
}

function activityOf({ activity, activity_since }: SessionRow): Activity | null {
  const state = activities.find((each) => each === activity);
  return state && activity_since !== null ? { state, since: activity_since } : null;
}

function fileList(json: string | null): string[] {
  if (!json) return [];
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  } catch {
    return [];
  }
}

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

/** Whether a holder lives, as far as the one who only reads can tell: on read-only media nobody ends the dead. */
export function isLiving(c: Connection, session_id: string, moment: Moment): boolean {
  const record = liveRecord(c, session_id);
  return record !== null && moment.judge(record).ended === null;
}

/** A live session that is to act; throws `not_registered` where it has ended. */
export function requireLive(c: Connection, session_id: string): SessionRecord {
  const record = liveRecord(c, session_id);
  if (record) return record;
  throw new ParleyError("not_registered", `${session_id} is not an active session`, {
    hint: "register it again with parley register",
    details: { session_id },
  });
}

export function sessionsCalled(c: Connection, called: string): SessionRecord[] {
  const byId = liveRecord(c, called);
  if (byId) return [byId];
  return c
    .all<SessionRow>(`${select} where name = $called and status <> 'terminated'`, { called })
    .map(fromRow);
}

export function sessionsByClues(
  c: Connection,
  clues: Clues,
  machine_uuid: string,
): SessionRecord[] {
  for (const ancestor of clues.ancestors) {
    const found = c
      .all<SessionRow>(
        `${select} where pid = $pid and status <> 'terminated' and start_ticks = $start_ticks
          and boot_id = $boot_id and pid_namespace = $pid_namespace`,
        {
          pid: ancestor.pid,
          start_ticks: ancestor.start_ticks,
          boot_id: ancestor.boot_id,
          pid_namespace: ancestor.pid_namespace,
        },
      )
      .map(fromRow);
    if (found.length === 0) continue;
    const own = found.filter((record) =>
      clues.conversation_ids.includes(record.session_uuid ?? ""),
    );
    if (own.length > 0) return own;
    // A shared host is everybody's: who knows its own conversation is none of those with another.
    if (clues.conversation_ids.length > 0 && found.every((record) => record.shared_host)) break;
    return found;
  }
  for (const session_uuid of clues.conversation_ids) {
    const found = c
      .all<SessionRow>(`${select} where session_uuid = $session_uuid and status <> 'terminated'`, {
        session_uuid,
      })
      .map(fromRow);
    if (found.length > 0) return found;
  }
  if (clues.tty === null) return [];
  const onTty = c
    .all<SessionRow>(
      `${select} where tty = $tty and machine_uuid = $machine_uuid and status <> 'terminated'`,
      { tty: clues.tty, machine_uuid },
    )
    .map(fromRow);
  return onTty.length === 1 ? onTty : [];
}

/** All live sessions, oldest first. The dead among them are left out; `endDead` ends them. */
export const liveSessions = (c: Connection, moment: Moment): SessionRecord[] =>
  notEnded(c).filter((record) => moment.judge(record).ended === null);

/** Sessions as they stand, the dead among them, oldest first. */
export const notEnded = (c: Connection): SessionRecord[] =>
  c
    .all<SessionRow>(`${select} where status <> 'terminated' order by registered_at, session_id`)
    .map(fromRow);

/** Judges every session and ends the dead. Writes, and takes the write lock, only where there is one. */
export async function endDead(c: Connection, moment: Moment): Promise<void> {
  if (c.readOnly) return;
  const dead = (await c.read(() => notEnded(c))).filter(
    (record) => moment.judge(record).ended !== null,
  );
  if (dead.length === 0) return;
  // Those that cannot be ended now are left out of what is shown all the same.
  c.tidy(() => {
    for (const { session_id } of dead) {
      // Read again: a sign of life that came in between wins.
      const record = liveRecord(c, session_id);
      if (record) endIfDead(c, record, moment);
    }
  });
}

/** Ends the session where the judge says so; true where it is dead. */
export function endIfDead(c: Connection, record: SessionRecord, moment: Moment): boolean {
  const { ended } = moment.judge(record);
  if (ended === null) return false;
  endSession(c, record, ended, moment);
  return true;
}

/**
 * A heartbeat younger than this, in milliseconds, is left as it is: every write wakes whoever waits, and an agent that
 * runs several commands in a second is no more alive for each of them.
 */
const heartbeatGrain = 1000;

/** Sessions judged with every command of another, in rotation. */
const rotation = 16;
/** A connection on which more than so many commands have come belongs to a process that goes on … */
const commands = 3;
/** … which need not do so more often than this, in milliseconds: it costs a millisecond with ten sessions. */
const rotationInterval = 5000;

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
export function tend(c: Connection, session_id: string, moment: Moment): void {
  refreshHeartbeat(c, session_id, moment.at);
  const now = performance.now();
  if (++c.tended > commands && now - c.tendedAt < rotationInterval) return;
  c.tendedAt = now;
  const last =
    c.get<{ rowid: number | null }>("select max(rowid) as rowid from session_registry")?.rowid ?? 0;
  const from = last > rotation ? Math.floor(Math.random() * last) : 0;
  for (const row of c.all<SessionRow>(
    `${select} where status = 'active' and rowid > $from order by rowid limit ${rotation}`,
    { from },
  )) {
    if (row.session_id !== session_id) endIfDead(c, fromRow(row), moment);
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
