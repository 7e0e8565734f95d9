/** Rows of sessions, and looking sessions up. */
import { timestamp } from "../bus/clock";
import { ParleyError } from "../bus/errors";
import { activities, type Activity, type Holdings, type SessionRecord } from "../bus/session";
import type { Bindings, Statements } from "./database";

/** A row of `session_registry`. */
export interface SessionRow {
  session_id: string;
  llm_vendor: string;
  llm_model: string | null;
  tty: string | null;
  pid: number | null;
  project_id: string | null;
  task_id: string | null;
  active_files: string | null;
  edited_files: string | null;
  activity: string | null;
  activity_since: string | null;
  heartbeat_at: string;
  /** On a server only. */
  kept_at?: string | null;
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
  permission_mode: string | null;
  agent_home: string | null;
  prompted_at: string | null;
  hooked_at: string | null;
  woken_at: string | null;
  rung_at: string | null;
  ended_at: string | null;
  end_reason: string | null;
  ended_message_id: number | null;
}

export function sessionFrom(row: SessionRow): SessionRecord {
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
    edited_files: fileList(row.edited_files),
    activity: activityOf(row),
    permission_mode: row.permission_mode,
    agent_home: row.agent_home,
    prompted_at: row.prompted_at,
    hooked_at: row.hooked_at,
    woken_at: row.woken_at,
    stored_status: row.status === "terminated" || row.status === "idle" ? row.status : "active",
    registered_at: row.registered_at,
    heartbeat_at: row.heartbeat_at,
    kept_at: row.kept_at ?? null,
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

/** Sessions for which the condition holds; an order may follow it. */
export const sessionsWhere = async (
  s: Statements,
  condition: string,
  bindings?: Bindings,
): Promise<SessionRecord[]> =>
  (
    await s.all<SessionRow>(`select * from parley.session_registry where ${condition}`, bindings)
  ).map(sessionFrom);

export const sessionRow = (s: Statements, session_id: string): Promise<SessionRow | null> =>
  s.get<SessionRow>("select * from parley.session_registry where session_id = $session_id", {
    session_id,
  });

export async function sessionRecord(
  s: Statements,
  session_id: string,
): Promise<SessionRecord | null> {
  const row = await sessionRow(s, session_id);
  return row && sessionFrom(row);
}

/** A live session by its id. */
export async function liveRecord(s: Statements, session_id: string): Promise<SessionRecord | null> {
  const record = await sessionRecord(s, session_id);
  return record?.stored_status === "terminated" ? null : record;
}

/** A live session that is to act; throws `not_registered` where it has ended or never was. */
export async function requireLive(s: Statements, session_id: string): Promise<SessionRecord> {
  const record = await liveRecord(s, session_id);
  if (record) return record;
  throw new ParleyError("not_registered", `${session_id} is not an active session`, {
    hint: "register it again with parley register",
    details: { session_id },
  });
}

export async function sessionsCalled(s: Statements, called: string): Promise<SessionRecord[]> {
  const byId = await liveRecord(s, called);
  return byId ? [byId] : sessionsWhere(s, "name = $called and status <> 'terminated'", { called });
}

/** Sessions as they stand, the dead among them, oldest first. */
export const notEnded = (s: Statements): Promise<SessionRecord[]> =>
  sessionsWhere(s, "status <> 'terminated' order by registered_at, session_id");

/** What a session holds and what waits for it. */
export async function holdings(s: Statements, session_id: string, at: number): Promise<Holdings> {
  const [held_, unread] = await Promise.all([
    held(s, session_id, at),
    s.get<{ count: number }>(
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
  s: Statements,
  session_id: string,
  at: number,
): Promise<Omit<Holdings, "unread_count">> {
  const now = timestamp(at);
  const [claimed_tasks, locks] = await Promise.all([
    s.all<Holdings["claimed_tasks"][number]>(
      `select task_id, coalesce(claim_type, 'exclusive') as claim_type from parley.task_claims
        where session_id = $session_id and (expires_at is null or expires_at > $now) order by task_id`,
      { session_id, now },
    ),
    s.all<{ file_path: string }>(
      `select file_path from parley.file_locks
        where session_id = $session_id and (expires_at is null or expires_at > $now) order by file_path`,
      { session_id, now },
    ),
  ]);
  return { claimed_tasks, file_locks: locks.map((row) => row.file_path) };
}
