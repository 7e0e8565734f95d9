/** The sessions that a rescue looks at. */
import type { Bus } from "./bus";
import { describeSession } from "./describe";
import { ParleyError } from "./errors";
import type { Liveness } from "./liveness";
import type { RescuedSession } from "./rescue";
import type { SessionRecord } from "./session";
import type { HeldBy } from "./store";
import { silenceMs, classify } from "./triage";

/** A session that is looked at, and what is found and done. */
export interface Candidate {
  record: SessionRecord;
  session: RescuedSession;
}

/** The named sessions, also such that ended long ago; or all but those whose conversation goes on in another. */
export async function selectCandidates(
  bus: Bus,
  all: readonly HeldBy[],
  named: readonly string[],
  liveness: Liveness,
): Promise<HeldBy[]> {
  if (named.length === 0) {
    const live = all.filter(({ record }) => record.stored_status !== "terminated");
    const going = new Set(live.map(({ record }) => record.session_uuid));
    return all.filter((each) => live.includes(each) || !going.has(each.record.session_uuid));
  }
  const found = new Map<string, HeldBy>();
  for (const word of named) {
    const one =
      all.find(({ record }) => record.session_id === word) ??
      all.find(({ record }) => record.name === word) ??
      (await endedSession(bus, word, liveness));
    found.set(one.record.session_id, one);
  }
  return [...found.values()];
}

async function endedSession(bus: Bus, id: string, liveness: Liveness): Promise<HeldBy> {
  const record = await bus.store.session(id);
  if (record) return { record, holdings: await bus.store.holdings(id, liveness.now) };
  throw new ParleyError("not_found", `There is no session ${JSON.stringify(id)}`, {
    hint: "list them with parley rescue --status",
    details: { session_id: id },
  });
}

/** Takes a fifth of a second where a session may be hung. */
export async function diagnose(
  bus: Bus,
  chosen: readonly HeldBy[],
  current: string | null,
  hungAfter: number,
  liveness: Liveness,
): Promise<Candidate[]> {
  const { processes } = bus.identity;
  const records = chosen.map(({ record }) => record);
  const states = await classify(records, current, hungAfter, liveness, processes);
  return chosen.map(({ record, holdings }, index) => ({
    record,
    session: {
      ...describeSession(record, holdings, liveness, bus),
      state: states[index] ?? "ACTIVE",
      silent_seconds: Math.floor(silenceMs(record, liveness.now) / 1000),
      resume_command: bus.agentKinds.resumeCommand(record),
      ended_at: record.ended_at,
      end_reason: record.end_reason ?? liveness.judge(record).ended,
      released: false,
      exported: null,
      killed: null,
    },
  }));
}
