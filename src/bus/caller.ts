/** Finds the session or the operator that a verb acts for. */
import type { Bus } from "./bus";
import { ParleyError, type Warning } from "./errors";
import type { CallerEvidence } from "./identity";
import { type ConfirmedLiveness, livenessAt } from "./liveness";
import { operatorId } from "./message";
import type { SessionRecord } from "./session";

/** The clock reading and the judge of one operation. `answers`: what shared hosts have answered before. */
export const livenessNow = (
  bus: Bus,
  answers: ConfirmedLiveness["answers"] = new Map(),
): ConfirmedLiveness =>
  livenessAt(bus.identity.processes, bus.clock.now(), bus.settings, {
    canAnswer: bus.sharedHosts.canAnswer,
    answers,
  });

/** The session or the operator that a rule acts for: its mailbox, and the sender of what it writes. */
export interface Actor {
  /** A session id, or `operator`. */
  id: string;
  record: SessionRecord | null;
}

/** Who calls a verb that needs no session. */
export interface Caller {
  /** Null where no session is found, or several are. */
  actor: Actor | null;
  warnings: Warning[];
}

export const nobody: Caller = { actor: null, warnings: [] };

const operator: Actor = { id: operatorId, record: null };

export const actorOf = (record: SessionRecord): Actor => ({ id: record.session_id, record });

/** The caller's session; null for none or several. One named by `--session` or PARLEY_SESSION must be active. */
export async function callingSession(
  bus: Bus,
  evidence?: CallerEvidence,
): Promise<SessionRecord | null> {
  const found = await candidates(bus, evidence);
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** The calling session, or the human with `--as operator`. A session that is named but not active is only a warning. */
export async function findCaller(
  bus: Bus,
  asOperator: boolean,
  evidence?: CallerEvidence,
): Promise<Caller> {
  if (asOperator) return { actor: operator, warnings: [] };
  try {
    const record = await callingSession(bus, evidence);
    return { actor: record && actorOf(record), warnings: [] };
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== "not_registered") throw error;
    return { actor: null, warnings: [{ code: error.code, message: error.message }] };
  }
}

/** The calling session, or the human with `--as operator`. Throws `not_registered`. */
export async function requireActor(
  bus: Bus,
  asOperator: boolean,
  evidence?: CallerEvidence,
): Promise<Actor> {
  return asOperator ? operator : actorOf(await requireSession(bus, evidence));
}

/** Like `callingSession`, but throws `not_registered` where there is none. */
export async function requireSession(bus: Bus, evidence?: CallerEvidence): Promise<SessionRecord> {
  const found = await candidates(bus, evidence);
  const [only] = found;
  if (only && found.length === 1) return only;
  if (!only) {
    throw new ParleyError("not_registered", "Not registered: no session of this process is known", {
      hint: "run parley register first, or name the session with --session",
    });
  }
  const ids = found.map((record) => record.session_id);
  throw new ParleyError("not_registered", `Several sessions run here: ${ids.join(", ")}`, {
    hint: "say which with --session or PARLEY_SESSION",
    details: { candidates: ids },
  });
}

async function candidates(
  bus: Bus,
  evidence: CallerEvidence = bus.identity.callerEvidence(),
): Promise<SessionRecord[]> {
  if (evidence.session === null) {
    const machine = bus.identity.machine().machine_uuid;
    return withoutDead(bus, await bus.store.sessionsByEvidence(evidence, machine));
  }
  const named = await withoutDead(bus, await bus.store.sessionsCalled(evidence.session));
  if (named.length === 0) {
    const message = `Not registered: ${evidence.session} is not an active session`;
    throw new ParleyError("not_registered", message, {
      hint: "register it with parley register, or correct --session or PARLEY_SESSION",
      details: { session_id: evidence.session },
    });
  }
  return named;
}

/** Ends and drops sessions whose process is gone: names outlive them. A silent one stays: this call is its sign of life. */
async function withoutDead(bus: Bus, records: SessionRecord[]): Promise<SessionRecord[]> {
  const liveness = livenessNow(bus);
  const alive: SessionRecord[] = [];
  for (const record of records) {
    const { ended, process_state } = liveness.judge(record);
    if (ended === null || process_state !== "gone" || record.liveness !== "pid") alive.push(record);
    else if (!bus.store.readOnly) await bus.store.endSession(record.session_id, ended, liveness);
  }
  return alive;
}

/** Refreshes the heartbeat of a session that only reads, unless the database cannot be written. */
export async function refreshHeartbeat(bus: Bus, session_id: string): Promise<void> {
  if (bus.store.readOnly) return;
  try {
    await bus.store.heartbeat(session_id, livenessNow(bus));
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== "not_permitted") throw error;
  }
}

/** For verbs that show: where the database refuses the write, the answer comes all the same, with a warning. */
export async function unlessRefused<T>(
  warnings: Warning[],
  write: () => Promise<T>,
  otherwise: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== "not_permitted") throw error;
    warnings.push({ code: error.code, message: `${error.message}: nothing was marked as shown` });
    return otherwise();
  }
}
