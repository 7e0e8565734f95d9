/** Register, unregister, heartbeat, task. */
import type { Conflict } from "./alert";
import type { Bus } from "./bus";
import { livenessNow, refreshHeartbeat } from "./caller";
import { checkedTask } from "./claim";
import { describeSession } from "./describe";
import { ParleyError } from "./errors";
import { confirmWithHosts } from "./shared-hosts";
import type { Registration } from "./registration-target";
import type { ProjectFinding } from "./identity";
import type { ConfirmedLiveness } from "./liveness";
import { checkedId, type RegisterRequest, requireShort } from "./registration-request";
import type { RegisterResult, SessionRecord, TaskResult, UnregisterResult } from "./session";
import type { Registered } from "./store";

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
  // A process that hosts several sessions proves nothing of one, and what is no agent's may outlive it.
  const tied = agent.evidence !== null && agent.liveness === "pid" && !agent.shared_host;
  // Who beats by himself is not to be kept alive by another.
  const keeper = tied && request.heartbeatSeconds === undefined ? bus.heartbeatProcess : undefined;
  const beats = request.heartbeatSeconds ?? keeper?.seconds;
  const uuid = request.sessionUuid ?? agent.conversation_id;
  const liveness = livenessNow(bus);
  const registration: Registration = {
    session_id:
      request.sessionId === undefined ? null : checkedId(request.sessionId, "--session-id"),
    session_uuid: uuid ?? madeUpUuid(),
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
    promised_beats: beats !== undefined,
    shared_host: agent.shared_host,
    name: request.name === undefined ? null : checkedId(request.name, "--name"),
  };
  const registered = await enter(bus, registration, liveness);
  const { session_id } = registered.record;
  const conflicts = await standing(bus, session_id, registered.conflicts, liveness);
  if (registered.touched.length > 0) bus.changeSignal.notify("everyone");
  keeper?.start(session_id);
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
      heartbeat_seconds: beats ?? null,
    },
  };
}

/** A name is refused for the sake of a session only once its host was asked. */
async function enter(
  bus: Bus,
  registration: Registration,
  liveness: ConfirmedLiveness,
): Promise<Registered> {
  try {
    return await bus.store.registerSession(registration, liveness);
  } catch (error) {
    const holder = error instanceof ParleyError ? error.details?.["session_id"] : undefined;
    const better = await confirmWithHosts(bus, liveness, [String(holder)]);
    if (better === liveness) throw error;
    return bus.store.registerSession(registration, better);
  }
}

/** Version 8: it identifies a session here, but is no conversation that a vendor could resume. */
const madeUpUuid = (): string => Bun.randomUUIDv7().replace(/^(.{14})7/, "$18");

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

/** Ends a session whose program has ended, unless somebody has noticed that already. */
export async function endSession(bus: Bus, session_id: string, reason: string): Promise<void> {
  if (await bus.store.endSession(session_id, reason, livenessNow(bus)))
    bus.changeSignal.notify("everyone");
}

/** A sign of life of the session, or one for it (`kept`), by which it is no less idle. */
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
    return {
      session: describeSession(record, holdings, liveness, bus),
      conflicts: [],
    };
  }
  const change = await bus.store.setTask(
    record.session_id,
    taskId === null ? null : checkedTask(taskId),
    liveness,
  );
  const conflicts = await standing(bus, record.session_id, change.conflicts, liveness);
  bus.changeSignal.notify("everyone");
  return {
    session: describeSession(change.record, change.holdings, liveness, bus),
    conflicts,
  };
}

/** Those of these conflicts that stand once the hosts of silent sessions among them were asked; the others' alerts end. */
async function standing(
  bus: Bus,
  session_id: string,
  conflicts: Conflict[],
  liveness: ConfirmedLiveness,
): Promise<Conflict[]> {
  const others = conflicts.map((each) => each.session_id);
  const better = await confirmWithHosts(bus, liveness, others);
  if (better === liveness) return conflicts;
  await bus.store.liveSessions(better);
  return bus.store.conflictsOf(session_id, better);
}
