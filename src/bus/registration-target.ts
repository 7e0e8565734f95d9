/** Which session a registration is about: the request, and the row that it becomes. */
import type { Bus } from "./bus";
import { livenessNow } from "./caller";
import { ParleyError } from "./errors";
import type { AgentRequest } from "./identity";
import type { Judge } from "./liveness";
import { type ProcessEvidence, type ProcessState, sameProcess } from "./process";
import type { SessionRecord } from "./session";

export interface RegisterRequest extends AgentRequest {
  taskId?: string | undefined;
  project?: string | undefined;
  /** `--session-id`: another id than `{vendor}-{pid}`. */
  sessionId?: string | undefined;
  sessionUuid?: string | undefined;
  name?: string | undefined;
  /** All facts about the database too. */
  verbose?: boolean | undefined;
  /** The caller promises heartbeats at this interval. */
  heartbeatSeconds?: number | undefined;
}

/**
 * Below a program that is no agent, as `parley run` starts it, only PARLEY_SESSION or `--session` tells which session is
 * being registered. A nearer agent registers itself, and so does one of another vendor.
 */
export async function withSessionName(
  bus: Bus,
  request: RegisterRequest,
): Promise<RegisterRequest> {
  const { pid, vendor, sessionId } = request;
  const { session } = bus.identity.callerEvidence();
  if (session === null || pid !== undefined || sessionId !== undefined) return request;
  const liveness = livenessNow(bus);
  const alive = (await bus.store.sessionsCalled(session)).filter(
    (record) => liveness.judge(record).ended === null,
  );
  const [named] = alive;
  // A pid of another namespace names no process here, or another one.
  const isSeen = named !== undefined && isVisible(liveness.judge(named).process_state);
  const isOurs =
    isSeen &&
    named.liveness === "pid" &&
    alive.length === 1 &&
    named.machine_uuid === bus.identity.machine().machine_uuid &&
    (vendor ?? named.llm_vendor) === named.llm_vendor;
  if (!isOurs || named.pid === null || isNearer(bus, request, named.pid)) return request;
  return { ...request, pid: named.pid, vendor: named.llm_vendor, sessionId: named.session_id };
}

const isVisible = (state: ProcessState | null): boolean =>
  state === "running" || state === "stopped";

/** Whether an agent stands between the caller and this process, or is it. */
function isNearer(bus: Bus, request: RegisterRequest, pid: number): boolean {
  const agent = bus.identity.agent(request);
  if (agent.liveness !== "pid") return false;
  const above = bus.identity.ancestors().map(({ pid: ancestor }) => ancestor);
  const [own, other] = [above.indexOf(agent.pid), above.indexOf(pid)];
  return other < 0 || own <= other;
}

export interface Registration {
  /** `--session-id`; null: `{vendor}-{pid}`. */
  session_id: string | null;
  session_uuid: string;
  /** False where the UUID was generated because no conversation id is known. */
  session_uuid_known: boolean;
  machine_uuid: string;
  hostname: string;
  llm_vendor: string;
  llm_model: string | null;
  project_id: string | null;
  task_id: string | null;
  tty: string | null;
  cwd: string;
  pid: number;
  evidence: ProcessEvidence | null;
  liveness: "pid" | "heartbeat";
  promised_beats: boolean;
  shared_host: boolean;
  name: string | null;
}

/** The row that a registration becomes. */
export interface RegistrationTarget {
  session_id: string;
  /** `update`: the same session again. `return`: a session that had ended. `new`: another session. */
  kind: "update" | "return" | "new";
  /** Sessions that this registration proves dead, with the reason. */
  ended: { session_id: string; reason: string }[];
}

/** The id that a registration takes, with a suffix where it is taken: `codex-7`, `codex-7-2`, … */
export const baseId = (registration: Registration): string =>
  registration.session_id ?? `${registration.llm_vendor}-${registration.pid}`;

/**
 * Decides which row a registration becomes. `candidates` are all rows with the base id or a suffixed form of it, and all live rows
 * of the same pid or conversation. Throws `invalid` where several sessions share the process and nothing tells which.
 */
export function resolveRegistration(
  registration: Registration,
  candidates: readonly SessionRecord[],
  judge: Judge,
): RegistrationTarget {
  const base = baseId(registration);
  const ended: RegistrationTarget["ended"] = [];
  const dead = new Set<string>();
  const live: SessionRecord[] = [];
  for (const record of candidates) {
    const verdict = judge(record);
    if (verdict.status === "terminated") continue;
    // A session with an explicit id whose process is gone is continued by the next process that uses the id.
    const abandoned =
      registration.session_id === record.session_id && verdict.process_state === "gone";
    if (verdict.ended && !abandoned) {
      ended.push({ session_id: record.session_id, reason: verdict.ended });
      dead.add(record.session_id);
    } else live.push(record);
  }

  const same = live.filter((record) => isSameSession(record, registration, judge));
  const own = same.find((record) => record.session_uuid === registration.session_uuid) ?? same[0];
  if (same.length > 1 && registration.shared_host && !registration.session_uuid_known) {
    const ids = same.map((record) => record.session_id);
    throw new ParleyError("invalid", `Several sessions share this process: ${ids.join(", ")}`, {
      hint: "say which with --session-uuid",
      details: { candidates: ids },
    });
  }
  if (own) return { session_id: own.session_id, kind: "update", ended };

  const taken = new Set(live.map((record) => record.session_id));
  const former = candidates.find(
    (record) =>
      registration.session_id === null &&
      !taken.has(record.session_id) &&
      sameProcess(record.evidence, registration.evidence) &&
      sameConversation(record, registration),
  );
  let session_id = former?.session_id ?? base;
  for (let suffix = 2; taken.has(session_id); suffix++) session_id = `${base}-${suffix}`;
  const previous = candidates.find((record) => record.session_id === session_id);
  const returns =
    previous !== undefined &&
    !dead.has(session_id) &&
    (sameConversation(previous, registration) ||
      // That it ran in the same shared host proves nothing: other conversations of the host have ended too.
      (!previous.shared_host && sameProcess(previous.evidence, registration.evidence)));
  return { session_id, kind: returns ? "return" : "new", ended };
}

const sameConversation = (record: SessionRecord, registration: Registration): boolean =>
  registration.session_uuid_known && record.session_uuid === registration.session_uuid;

function isSameSession(record: SessionRecord, registration: Registration, judge: Judge): boolean {
  if (record.llm_vendor !== registration.llm_vendor) return false;
  if (registration.session_id !== null && record.session_id !== registration.session_id)
    return false;
  if (record.machine_uuid !== null && record.machine_uuid !== registration.machine_uuid)
    return false;
  if (sameProcess(record.evidence, registration.evidence)) {
    // In a shared host all sessions have one process: the conversation tells them apart.
    return (
      !record.shared_host ||
      !registration.session_uuid_known ||
      record.session_uuid === registration.session_uuid
    );
  }
  if (record.evidence === null && registration.evidence === null)
    return record.pid === registration.pid;
  return registration.session_id === record.session_id && judge(record).process_state === "gone";
}
