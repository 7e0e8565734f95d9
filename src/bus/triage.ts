/** Which of them is dead, hung or merely quiet. */
import { parseTime } from "./clock";
import type { Liveness } from "./liveness";
import type { ProcessControl, ProcessEvidence } from "./process";
import type { SessionRecord } from "./session";

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
