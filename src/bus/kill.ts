/** Kills processes for a rescue: which may be signalled, and how they are ended. */
import type { Bus } from "./bus";
import type { Warning } from "./errors";
import { isOver, type Liveness } from "./liveness";
import type { Candidate } from "./rescue-candidates";
import {
  type ProcessControl,
  type ProcessEvidence,
  type ProcessTable,
  sameProcess,
} from "./process";
import type { SessionRecord, HeldBy } from "./session";

/**
 * The outcome for a process that was to be killed. `terminated`: it ended after SIGTERM. `killed`: after SIGKILL.
 * `gone`: it had ended before. `alive`: it survived both. `declined`: the human said no. The others were not
 * signalled: an `own_process` is the caller's or above it, a `shared_process` serves other sessions too, an
 * `unknown_process` cannot be seen from here, a `refused` one is protected by the system.
 */
export type KillOutcome =
  | "terminated"
  | "killed"
  | "gone"
  | "alive"
  | "declined"
  | "own_process"
  | "shared_process"
  | "unknown_process"
  | "refused";

/** How long a signalled process may take to end, in milliseconds. */
const timeoutMs = { SIGTERM: 5000, SIGKILL: 2000 } as const;

interface Victim extends Candidate {
  evidence: ProcessEvidence;
}

/** Returns the victims whose process may be signalled, and records the outcome of the others. */
export function chooseVictims(
  bus: Bus,
  victims: readonly Candidate[],
  all: readonly HeldBy[],
  liveness: Liveness,
): Victim[] {
  if (victims.length === 0) return [];
  const chosen = new Set(victims.map(({ record }) => record.session_id));
  const bystanders = all
    .map(({ record }) => record)
    .filter((record) => !chosen.has(record.session_id) && !isOver(liveness.judge(record)));
  return victims.flatMap((victim) => {
    const { evidence } = victim.record;
    victim.session.killed = obstacle(bus, victim, bystanders);
    return victim.session.killed === null && evidence ? [{ ...victim, evidence }] : [];
  });
}

function obstacle(
  bus: Bus,
  { record: { evidence, shared_host }, session }: Candidate,
  bystanders: readonly SessionRecord[],
): KillOutcome | null {
  if (session.state === "DEAD") return "gone";
  if (session.state === "CURRENT") return "own_process";
  if (evidence === null) return "unknown_process";
  const own = [bus.identity.ownProcess(), ...bus.identity.ancestors()];
  if (own.some((process) => sameProcess(process, evidence))) return "own_process";
  if (shared_host || bystanders.some((record) => sameProcess(record.evidence, evidence))) {
    return "shared_process";
  }
  const state = bus.identity.processes.state(evidence);
  if (state === "gone") return "gone";
  return state === "unknown" ? "unknown_process" : null;
}

/** A warning for each process that should have been killed and was not. */
export const unkilled = (victims: readonly Candidate[]): Warning[] =>
  victims.flatMap(({ session: { session_id, killed } }) =>
    killed === null || ["terminated", "killed", "gone", "declined"].includes(killed)
      ? []
      : [{ code: "not_killed", message: `${session_id} was not killed: ${killed}` }],
  );

/** Ends a process: by SIGTERM, and where it does not end in time by SIGKILL. */
export async function endProcess(
  processes: ProcessTable & ProcessControl,
  evidence: ProcessEvidence,
): Promise<KillOutcome> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const sent = processes.signal(evidence, signal);
    if (sent === "refused") return "refused";
    if (sent === "gone") return signal === "SIGTERM" ? "gone" : "terminated";
    if (await hasEnded(processes, evidence, timeoutMs[signal])) {
      return signal === "SIGTERM" ? "terminated" : "killed";
    }
  }
  return "alive";
}

async function hasEnded(
  processes: ProcessTable,
  evidence: ProcessEvidence,
  timeout: number,
): Promise<boolean> {
  const deadline = performance.now() + timeout;
  while (processes.state(evidence) !== "gone") {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
