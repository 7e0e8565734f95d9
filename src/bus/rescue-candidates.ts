/** The sessions that a rescue looks at, and the state of each: dead, stale, hung or quiet. */
import type { Bus } from "./bus";
import { parseTime } from "./clock";
import { describeSession, type SessionRecord, type HeldBy } from "./session";
import { ParleyError } from "./errors";
import { isOver, type Liveness } from "./liveness";
import type { ProcessControl, ProcessEvidence } from "./process";
import type { RescuedSession } from "./rescue";

/** A session that a rescue examines: its row, and the result about it. */
export interface Candidate {
  record: SessionRecord;
  session: RescuedSession;
}

/** The named sessions, even if they ended long ago; or all except ended ones whose conversation goes on in another. */
export async function selectCandidates(
  bus: Bus,
  all: readonly HeldBy[],
  named: readonly string[],
  liveness: Liveness,
): Promise<HeldBy[]> {
  if (named.length === 0) {
    const live = all.filter(({ record }) => record.stored_status !== "terminated");
    const liveConversations = new Set(live.map(({ record }) => record.session_uuid));
    return all.filter(
      (held) => live.includes(held) || !liveConversations.has(held.record.session_uuid),
    );
  }
  const found = new Map<string, HeldBy>();
  for (const idOrName of named) {
    const held =
      all.find(({ record }) => record.session_id === idOrName) ??
      all.find(({ record }) => record.name === idOrName) ??
      (await endedSession(bus, idOrName, liveness));
    found.set(held.record.session_id, held);
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

/** Finds the state of each session. Takes 200 ms where one may be hung. */
export async function diagnose(
  bus: Bus,
  chosen: readonly HeldBy[],
  current: string | null,
  hungAfter: number,
  liveness: Liveness,
): Promise<Candidate[]> {
  const records = chosen.map(({ record }) => record);
  const { processes } = bus.identity;
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
 * `CURRENT`: the calling session. `HUNG`: its process is alive, but it was silent for long and its CPU time does not
 * advance. `STALE`: silent, and its process cannot be judged from here. `DEAD`: it has ended, or ends now.
 */
export type RescueState = "CURRENT" | "ACTIVE" | "IDLE" | "STALE" | "HUNG" | "DEAD";

/** How long the CPU time of a silent process is measured, in milliseconds: 20 ticks of the kernel's clock. */
const sampleMs = 200;

const silenceMs = (record: SessionRecord, at: number): number =>
  Math.max(0, at - (parseTime(record.heartbeat_at) ?? at));

/** The states of the sessions, in their order. Takes `sampleMs` where one is silent for `hungAfter` milliseconds. */
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
  const idle = await withoutProgress(
    suspects.map(({ evidence }) => evidence),
    processes,
  );
  for (const [n, { index }] of suspects.entries()) if (idle[n]) states[index] = "HUNG";
  return states;
}

function stateOf(record: SessionRecord, current: string | null, liveness: Liveness): RescueState {
  const verdict = liveness.judge(record);
  const { status } = verdict;
  if (isOver(verdict)) return "DEAD";
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
 * Whether the CPU time of each process stands still. The seeds' command called processes hung whose CPU time still grew,
 * since it took idle ones for healthy; for us a long build below a silent agent is work, so descendants count. The CPU
 * time of an agent that waits for its human stands still too: nothing is done to a hung session unless that is asked for.
 */
async function withoutProgress(
  suspects: readonly ProcessEvidence[],
  processes: ProcessControl,
): Promise<boolean[]> {
  if (suspects.length === 0) return [];
  const sample = (): (number | null)[] => suspects.map((suspect) => processes.cpuSeconds(suspect));
  const before = sample();
  await new Promise((resolve) => setTimeout(resolve, sampleMs));
  return sample().map((used, n) => used !== null && used === before[n]);
}
