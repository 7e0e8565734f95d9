/** The session or operator that a verb acts for. */
import type { Bus } from "./bus";
import { ParleyError, type Warning } from "./errors";
import { type ConfirmedLiveness, livenessAt } from "./liveness";
import { operatorId } from "./message";
import type { SessionRecord } from "./session";

/** The clock reading that one operation uses throughout; `said`: what hosts have been asked before (`bus/shared-hosts.ts`). */
export const livenessNow = (
  bus: Bus,
  said: ConfirmedLiveness["answers"] = new Map(),
): ConfirmedLiveness =>
  livenessAt(bus.identity.processes, bus.clock.now(), bus.settings, {
    canAnswer: bus.sharedHosts.canAnswer,
    answers: said,
  });

/**
 * The session that the caller belongs to; null where there is none or the clues point to several. A session named by
 * `--session` or PARLEY_SESSION must be active.
 */
export async function callingSession(bus: Bus): Promise<SessionRecord | null> {
  const found = await candidates(bus);
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** Id of the calling session; a session that was named but is not active is worth a warning only. */
export async function callingOrNobody(bus: Bus, warnings: Warning[]): Promise<string | null> {
  try {
    return (await callingSession(bus))?.session_id ?? null;
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== "not_registered") throw error;
    warnings.push({ code: error.code, message: error.message });
    return null;
  }
}

/** Like `callingSession`, but throws `not_registered` where there is none. */
export async function requireSession(bus: Bus): Promise<SessionRecord> {
  const found = await candidates(bus);
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

async function candidates(bus: Bus): Promise<SessionRecord[]> {
  const clues = bus.identity.callerEvidence();
  if (clues.session === null) {
    const machine = bus.identity.machine().machine_uuid;
    return living(bus, await bus.store.sessionsByEvidence(clues, machine));
  }
  const named = await living(bus, await bus.store.sessionsCalled(clues.session));
  if (named.length === 0) {
    throw new ParleyError(
      "not_registered",
      `Not registered: ${clues.session} is not an active session`,
      {
        hint: "register it with parley register, or correct --session or PARLEY_SESSION",
        details: { session_id: clues.session },
      },
    );
  }
  return named;
}

/**
 * Without those whose process is gone, which end here: a name or a conversation id may outlive its session. One that
 * has only been silent is heard of right now.
 */
async function living(bus: Bus, records: SessionRecord[]): Promise<SessionRecord[]> {
  const liveness = livenessNow(bus);
  const alive: SessionRecord[] = [];
  for (const record of records) {
    const { ended, process_state } = liveness.judge(record);
    if (ended === null || process_state !== "gone" || record.liveness !== "pid") alive.push(record);
    else if (!bus.store.readOnly) await bus.store.endSession(record.session_id, ended, liveness);
  }
  return alive;
}

/** What a verb that only reads does for its session's heartbeat: its best. A medium that refuses costs no answer. */
export async function refreshHeartbeat(bus: Bus, session_id: string): Promise<void> {
  if (bus.store.readOnly) return;
  try {
    await bus.store.heartbeat(session_id, livenessNow(bus));
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== "not_permitted") throw error;
  }
}

/** Writing is by the way in a verb that shows: a medium that refuses it costs the reader a warning, not the answer. */
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

/** The mailbox and the sender that a verb acts for. */
export interface Actor {
  /** A session id, or `operator`. */
  id: string;
  record: SessionRecord | null;
}

/** The calling session, or the human with `--as operator`. Throws `not_registered`. */
export async function requireActor(bus: Bus, asOperator: boolean): Promise<Actor> {
  if (asOperator) return { id: operatorId, record: null };
  const record = await requireSession(bus);
  return { id: record.session_id, record };
}
