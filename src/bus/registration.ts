/** `register`, `unregister`, `heartbeat` and `task`. */
import type { Conflict } from "./alert";
import type { Bus } from "./bus";
import { livenessNow, refreshHeartbeat } from "./caller";
import { checkedTask } from "./claim";
import {
  describeSession,
  type RegisterResult,
  type SessionRecord,
  type TaskResult,
  type UnregisterResult,
  type Registered,
} from "./session";
import { checkedId, requireShort } from "./limits";
import type { RegisterRequest, Registration } from "./registration-target";
import { ParleyError } from "./errors";
import { confirmWithHosts } from "./shared-hosts";
import type { ProjectFinding } from "./identity";
import type { ConfirmedLiveness } from "./liveness";

/** Registers the calling agent, or updates its session; throws `invalid`, `conflict` (name taken). */
export async function register(bus: Bus, request: RegisterRequest): Promise<RegisterResult> {
  requireShort(request);
  const agent = bus.identity.agent(request);
  if (agent.vendor === null) {
    throw new ParleyError("invalid", "Cannot tell which agent is calling", {
      hint: "pass --llm, for example --llm claude, or start the program by parley run -- PROGRAM",
    });
  }
  const project = projectOf(bus, request.project, agent.cwd);
  // A shared host outlives its sessions, and a process that is no agent's may outlive the agent.
  const endsWithProcess = agent.evidence !== null && agent.liveness === "pid" && !agent.shared_host;
  // A caller that promised heartbeats must not be kept alive by another process.
  const heartbeatProcess =
    endsWithProcess && request.heartbeatSeconds === undefined ? bus.heartbeatProcess : undefined;
  const heartbeatSeconds = request.heartbeatSeconds ?? heartbeatProcess?.seconds;
  const uuid = request.sessionUuid ?? agent.conversation_id;
  const liveness = livenessNow(bus);
  const registration: Registration = {
    session_id:
      request.sessionId === undefined ? null : checkedId(request.sessionId, "--session-id"),
    session_uuid: uuid ?? randomUuid(),
    session_uuid_known: uuid !== null,
    ...bus.identity.machine(),
    llm_vendor: agent.vendor,
    llm_model: agent.model,
    project_id: project.project_id,
    task_id: request.taskId === undefined ? null : checkedTask(request.taskId),
    tty: agent.tty,
    cwd: agent.cwd,
    pid: agent.pid,
    evidence: agent.evidence,
    liveness: agent.liveness,
    promised_beats: heartbeatSeconds !== undefined,
    shared_host: agent.shared_host,
    name: request.name === undefined ? null : checkedId(request.name, "--name"),
  };
  const registered = await registerConfirmed(bus, registration, liveness);
  const { session_id } = registered.record;
  const conflicts = await confirmedConflicts(bus, session_id, registered.conflicts, liveness);
  if (registered.touched.length > 0) bus.changeSignal.notify("everyone");
  heartbeatProcess?.start(session_id);
  return {
    session: describeSession(registered.record, registered.holdings, liveness, bus),
    created: registered.created,
    liveness: registered.record.liveness,
    conflicts,
    unread: registered.unread,
    database: request.verbose ? await bus.store.facts() : { path: bus.store.location },
    detected: {
      vendor_source: agent.vendor_source ?? "--llm",
      project_source: project.source,
      event: registered.event,
      other_sessions: registered.other_sessions,
      heartbeat_seconds: heartbeatSeconds ?? null,
    },
  };
}

/** Registers. A name is refused only once the shared host of the session that has it was asked. */
async function registerConfirmed(
  bus: Bus,
  registration: Registration,
  liveness: ConfirmedLiveness,
): Promise<Registered> {
  try {
    return await bus.store.registerSession(registration, liveness);
  } catch (error) {
    const holder = error instanceof ParleyError ? error.details?.["session_id"] : undefined;
    const confirmed = await confirmWithHosts(bus, liveness, [String(holder)]);
    if (confirmed === liveness) throw error;
    return bus.store.registerSession(registration, confirmed);
  }
}

/** Of version 8: it identifies a session here, but no conversation that a vendor could resume. */
const randomUuid = (): string => Bun.randomUUIDv7().replace(/^(.{14})7/, "$18");

function projectOf(bus: Bus, explicit: string | undefined, cwd: string): ProjectFinding {
  return explicit
    ? { project_id: explicit, source: "--project", root: null }
    : bus.identity.project(cwd);
}

/** Ends the session and frees what it holds. */
export async function unregister(
  bus: Bus,
  record: SessionRecord,
  reason: string,
): Promise<UnregisterResult> {
  const holdings = await bus.store.holdings(record.session_id, bus.clock.now());
  const liveness = livenessNow(bus);
  const ended = await bus.store.endSession(record.session_id, reason, liveness);
  bus.changeSignal.notify("everyone");
  const session = describeSession(record, holdings, liveness, bus);
  return {
    session: {
      ...session,
      status: "terminated",
      file_locks: [],
      claimed_task: null,
      claimed_tasks: [],
    },
    released: ended?.released ?? { locks: 0, claims: 0 },
  };
}

/** Ends a session whose program has ended, unless another process has ended it already. */
export async function endSession(bus: Bus, session_id: string, reason: string): Promise<void> {
  if (await bus.store.endSession(session_id, reason, livenessNow(bus)))
    bus.changeSignal.notify("everyone");
}

/** A heartbeat of the session; with `kept` one that was sent for it, which leaves it idle. */
export async function heartbeat(
  bus: Bus,
  { session_id }: SessionRecord,
  kept = false,
): Promise<{ session_id: string; heartbeat_at: string }> {
  const record = await bus.store.heartbeat(session_id, livenessNow(bus), kept);
  if (!record) {
    throw new ParleyError("not_registered", `${session_id} has ended`, {
      hint: "register it again with parley register",
      details: { session_id },
    });
  }
  return { session_id, heartbeat_at: (kept ? record.kept_at : null) ?? record.heartbeat_at };
}

/** Shows, sets (`taskId` a string) or clears (null) the current task of the session. */
export async function task(
  bus: Bus,
  record: SessionRecord,
  taskId: string | null | undefined,
): Promise<TaskResult> {
  const liveness = livenessNow(bus);
  if (taskId === undefined) {
    await refreshHeartbeat(bus, record.session_id);
    const holdings = await bus.store.holdings(record.session_id, liveness.now);
    return { session: describeSession(record, holdings, liveness, bus), conflicts: [] };
  }
  const change = await bus.store.setTask(
    record.session_id,
    taskId === null ? null : checkedTask(taskId),
    liveness,
  );
  const conflicts = await confirmedConflicts(bus, record.session_id, change.conflicts, liveness);
  bus.changeSignal.notify("everyone");
  return { session: describeSession(change.record, change.holdings, liveness, bus), conflicts };
}

/** The conflicts that remain once the shared hosts of silent sessions were asked; the alerts of the others end. */
async function confirmedConflicts(
  bus: Bus,
  session_id: string,
  conflicts: Conflict[],
  liveness: ConfirmedLiveness,
): Promise<Conflict[]> {
  const others = conflicts.map((conflict) => conflict.session_id);
  const confirmed = await confirmWithHosts(bus, liveness, others);
  if (confirmed === liveness) return conflicts;
  await bus.store.liveSessions(confirmed);
  return bus.store.conflictsOf(session_id, confirmed);
}
