/** The sessions that a rescue looks at, and the state of each: dead, stale, hung or quiet. */
import type { Bus } from "./bus";
import { parseTime } from "./clock";
import { describeSession, type SessionRecord } from "./session";
import { ParleyError } from "./errors";
import type { Liveness } from "./liveness";
import type { ProcessControl, ProcessEvidence } from "./process";
import type { RescuedSession } from "./rescue";
import type { HeldBy } from "./store";

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

/**
 * `CURRENT`: the calling session. `HUNG`: its process is alive, but nothing was heard for long and its CPU time does
 * not advance. `STALE`: silent, and its process cannot be judged from here. `DEAD`: it has ended, or ends now.
 */
export type RescueState = "CURRENT" | "ACTIVE" | "IDLE" | "STALE" | "HUNG" | "DEAD";

/** How long the CPU time of a silent process is watched, in milliseconds: 20 units of the kernel's clock. */
const sampleTime = 200;

/** How long nothing has been heard of a session, in milliseconds. */
export const silenceMs = (record: SessionRecord, at: number): number =>
  Math.max(0, at - (parseTime(record.heartbeat_at) ?? at));

/** The state of each session, in their order. Takes the time of a sample where one is silent for `hungAfter` ms. */
export async function classify(
  records: readonly SessionRecord[],
  current: string | null,
  hungAfter: number,
  liveness: Liveness,
  processes: ProcessControl,
): Promise<RescueState[]> {
  const states = records.map((record) => stateOf(record, current, liveness));
  const suspects = records.flatMap((record, index) =>
    mayHang(record, states[index], hungAfter, liveness) && record.evidence
      ? [{ index, evidence: record.evidence }]
      : [],
  );
  const still = await standingStill(
    suspects.map((suspect) => suspect.evidence),
    processes,
  );
  for (const [n, { index }] of suspects.entries()) if (still[n]) states[index] = "HUNG";
  return states;
}

function stateOf(record: SessionRecord, current: string | null, liveness: Liveness): RescueState {
  const { status, ended } = liveness.judge(record);
  if (status === "terminated" || ended !== null) return "DEAD";
  if (record.session_id === current) return "CURRENT";
  return status === "stale" ? "STALE" : status === "idle" ? "IDLE" : "ACTIVE";
}

/** The CPU time of a shared host says nothing about one of its sessions. */
const mayHang = (
  record: SessionRecord,
  state: RescueState | undefined,
  hungAfter: number,
  liveness: Liveness,
): boolean =>
  (state === "ACTIVE" || state === "IDLE") &&
  !record.shared_host &&
  silenceMs(record, liveness.now) > hungAfter;

/**
 * Whose CPU time does not advance. The seeds' own command called those hung whose CPU time still grew, since it took
 * an idle one for healthy; a long build below a silent agent is work for us, so what runs below counts. An agent that
 * waits for its human stands still as well: nothing is done to a hung session unless that is asked for.
 */
async function standingStill(
  suspects: readonly ProcessEvidence[],
  processes: ProcessControl,
): Promise<boolean[]> {
  if (suspects.length === 0) return [];
  const sample = (): (number | null)[] => suspects.map((each) => processes.cpuSeconds(each));
  const before = sample();
  await new Promise((resolve) => setTimeout(resolve, sampleTime));
  return sample().map((used, n) => used !== null && used === before[n]);
}
