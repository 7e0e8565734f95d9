/** What the row of a session becomes by a registration. */
import { timestamp } from "../bus/clock";
import type { RegistrationTarget, Registration } from "../bus/registration-target";
import { sameProcess } from "../bus/process";
import type { SessionRecord } from "../bus/session";
import type { Statements } from "./database";
import { sessionFrom, type SessionRow } from "./session";

type RegisteredRow = Omit<SessionRow, "ended_at" | "end_reason" | "ended_message_id">;

/** The row by a registration; `previous` is the row of that id that is there. `at`: milliseconds since the epoch. */
function registeredRow(
  { session_id, kind }: RegistrationTarget,
  registration: Registration,
  previous: SessionRow | null,
  at: number,
): RegisteredRow {
  const now = timestamp(at);
  const { evidence } = registration;
  const keep = kind === "update" ? previous : null;
  const previousEvidence = previous && sessionFrom(previous).evidence;
  return {
    session_id,
    llm_vendor: registration.llm_vendor,
    llm_model: registration.llm_model ?? keep?.llm_model ?? null,
    tty: registration.tty,
    pid: registration.pid,
    project_id: registration.project_id ?? keep?.project_id ?? null,
    task_id: registration.task_id ?? keep?.task_id ?? null,
    active_files: keep?.active_files ?? null,
    edited_files: keep?.edited_files ?? null,
    activity: keep?.activity ?? null,
    activity_since: keep?.activity_since ?? null,
    heartbeat_at: keep?.heartbeat_at ?? now,
    registered_at: keep?.registered_at ?? now,
    status: "active",
    session_uuid:
      registration.session_uuid_known || kind === "new"
        ? registration.session_uuid
        : (previous?.session_uuid ?? registration.session_uuid),
    machine_uuid: registration.machine_uuid,
    hostname: registration.hostname,
    cwd: registration.cwd,
    name: registration.name ?? keep?.name ?? null,
    liveness: registration.liveness,
    boot_id: evidence?.boot_id ?? null,
    // The same process is on the same host, whose id is costly to make out.
    host_id: sameProcess(evidence, previousEvidence)
      ? (previous?.host_id ?? null)
      : (evidence?.host_id ?? null),
    pid_namespace: evidence?.pid_namespace ?? null,
    start_ticks: evidence?.start_ticks ?? null,
    promised_beats: registration.promised_beats ? 1 : (keep?.promised_beats ?? 0),
    shared_host: registration.shared_host ? 1 : 0,
    permission_mode: keep?.permission_mode ?? null,
    agent_home: keep?.agent_home ?? null,
    prompted_at: keep?.prompted_at ?? null,
    hooked_at: keep?.hooked_at ?? null,
    woken_at: keep?.woken_at ?? null,
    rung_at: keep?.rung_at ?? null,
  };
}

/** Whether the session is no longer where others collided with it. */
export const hasMoved = (previous: SessionRecord | null, record: SessionRecord): boolean =>
  previous?.project_id !== record.project_id ||
  previous.cwd !== record.cwd ||
  previous.task_id !== record.task_id;

/** Writes the row where it is new or has changed. Returns it. */
export async function writeRegistration(
  s: Statements,
  placement: RegistrationTarget,
  registration: Registration,
  previous: SessionRow | null,
  at: number,
): Promise<SessionRow> {
  const { session_id } = placement;
  const row = registeredRow(placement, registration, previous, at);
  if (placement.kind === "update" && previous !== null) {
    const updated = await updateChanged(s, row, previous);
    if (updated) return updated;
  }
  const columns = Object.keys(row);
  // A row of that id is of an ended session, whose place in the rotation is not the new one's.
  if (previous) {
    await s.run("delete from parley.session_registry where session_id = $session_id", {
      session_id,
    });
  }
  const inserted = await s.get<SessionRow>(
    `insert into parley.session_registry(${columns.join(", ")})
      values (${columns.map((column) => `$${column}`).join(", ")}) returning *`,
    { ...row },
  );
  return inserted!;
}

/**
 * Registering again changes mostly nothing, and every column written costs its index too. Null where the row is not found by
 * its id, which another program may have left of another type.
 */
async function updateChanged(
  s: Statements,
  row: RegisteredRow,
  previous: SessionRow,
): Promise<SessionRow | null> {
  const changes = Object.entries(row).filter(
    ([column, value]) => value !== previous[column as keyof SessionRow],
  );
  if (changes.length === 0) return previous;
  return s.get<SessionRow>(
    `update parley.session_registry set ${changes.map(([column]) => `${column} = $${column}`).join(", ")}
      where session_id = $session_id returning *`,
    { ...Object.fromEntries(changes), session_id: row.session_id },
  );
}
