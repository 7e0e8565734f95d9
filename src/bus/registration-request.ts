/** What a registration is asked for, its bounds, and whose it is below `parley run`. */
import type { Bus } from "./bus";
import { livenessNow } from "./caller";
import { ParleyError } from "./errors";
import type { AgentRequest } from "./identity";
import { operatorId } from "./message";
import type { ProcessState } from "./process";
import { sessionIdForm } from "./session";

export interface RegisterRequest extends AgentRequest {
  taskId?: string | undefined;
  project?: string | undefined;
  /** `--session-id`: another id than `{vendor}-{pid}`. */
  sessionId?: string | undefined;
  sessionUuid?: string | undefined;
  name?: string | undefined;
  /** All facts about the database too. */
  verbose?: boolean | undefined;
  /** The caller promises beats at this interval, in seconds. */
  heartbeatSeconds?: number | undefined;
}

/** `--session-id` or `--name`; throws `invalid`. */
export function checkedId(value: string, option: string): string {
  if (!sessionIdForm.test(value) || value === operatorId) {
    throw new ParleyError("invalid", `${option} cannot be "${value}"`, {
      hint: "use up to 128 letters, digits, dots, dashes and underscores, beginning with a letter or digit",
    });
  }
  return value;
}

/**
 * Below a program that is no agent, as `parley run` starts it, nothing but PARLEY_SESSION or `--session` tells whose
 * registration it is. An agent nearer by registers itself, and so does one of another vendor.
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
  // In another pid namespace its number is nobody's, or somebody else's.
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
  const above = bus.identity.ancestors().map((each) => each.pid);
  const [own, other] = [above.indexOf(agent.pid), above.indexOf(pid)];
  return other < 0 || own <= other;
}

export const maxModelLength = 256;

/** What an agent says of itself, which everybody's `status` shows, has so many characters at most. */
const bounds = [
  ["vendor", "--llm", 64],
  ["model", "--model", maxModelLength],
  ["project", "--project", 256],
  ["sessionUuid", "--session-uuid", 256],
  ["cwd", "--cwd", 4096],
] as const;

/** Throws `invalid`. */
export function requireShort(request: RegisterRequest): void {
  for (const [key, option, most] of bounds) {
    if ((request[key]?.length ?? 0) <= most) continue;
    throw new ParleyError("invalid", `${option} takes at most ${most} characters`, {
      details: { argument: option },
    });
  }
}
