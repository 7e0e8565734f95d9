/** A session as verbs report it. */
import type { Bus } from "./bus";
import type { Liveness } from "./liveness";
import { reachabilityOf } from "./agent-wake";
import type { Holdings, Session, SessionRecord } from "./session";

/** A session as every verb reports it: the row, what it holds, and what can be seen of its process. */
export function describeSession(
  record: SessionRecord,
  holdings: Holdings,
  liveness: Liveness,
  bus: Pick<Bus, "identity" | "agentWaker" | "agentKinds">,
): Session {
  const judgement = liveness.judge(record);
  const { status, process_state } = judgement;
  return {
    session_id: record.session_id,
    name: record.name,
    session_uuid: record.session_uuid,
    machine_uuid: record.machine_uuid,
    hostname: record.hostname,
    llm_vendor: record.llm_vendor,
    llm_model: record.llm_model,
    project_id: record.project_id,
    task_id: record.task_id,
    tty: record.tty,
    cwd: record.cwd,
    pid: record.pid,
    status,
    liveness: record.liveness,
    process_state,
    uptime_seconds:
      record.evidence && (process_state === "running" || process_state === "stopped")
        ? bus.identity.processes.uptimeSeconds(record.evidence)
        : null,
    claimed_task: holdings.claimed_tasks.map((claim) => claim.task_id).join(", ") || null,
    claimed_tasks: holdings.claimed_tasks.map(({ task_id, claim_type }) => ({
      task_id,
      claim_type,
    })),
    file_locks: holdings.file_locks,
    active_files: record.active_files,
    activity: record.activity,
    reachability: reachabilityOf(record, judgement, bus),
    unread_count: holdings.unread_count,
    registered_at: record.registered_at,
    heartbeat_at: record.heartbeat_at,
  };
}
