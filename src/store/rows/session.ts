/** A row of a session, and its record. */
import { ParleyError } from "../../bus/errors";
import { activities, type Activity, type SessionRecord } from "../../bus/session";

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

/** One that was to act, but has ended or never was. */
export const notActive = (session_id: string): ParleyError =>
  new ParleyError("not_registered", `${session_id} is not an active session`, {
    hint: "register it again with parley register",
    details: { session_id },
  });
