/** Task claims: their types, and the rules of `claim` and `release`. */
import { acquire } from "./acquire";
import type { Bus } from "./bus";
import { livenessNow } from "./caller";
import { ParleyError } from "./errors";
import type { Waiting } from "./lock";
import type { SessionRecord } from "./session";

/** A row of `task_claims`. */
export interface Claim {
  task_id: string;
  session_id: string;
  claim_type: string;
  project_id: string | null;
  claimed_at: string;
  expires_at: string | null;
  /** Number of the change of ownership that gave it. */
  fence: number | null;
}

export interface ClaimRequest {
  session_id: string;
  task_id: string;
  /** Milliseconds; null: until released. */
  ttl: number | null;
  waiting: Waiting | null;
  ticket: number | null;
}

/** The data of `claim` and `release`. */
export interface ClaimResult {
  claim: Claim;
}
export interface ReleaseResult {
  released: Claim[];
}

/** One visible line: a blank id could not be told from another, one of several lines could not be shown. */
const taskForm = /^(?=.*\S)[^\p{Cc}]{1,200}$/u;

/** A task's id as a tracker may write it: one line of up to 200 characters. Throws `invalid`. */
export function checkedTask(task_id: string): string {
  if (taskForm.test(task_id)) return task_id;
  throw new ParleyError("invalid", "A task's id is one line of up to 200 characters", {
    hint: "for example H.13.7",
    details: { task_id: task_id.slice(0, 200) },
  });
}

/** Claims a task for the session. Throws `conflict`, or `timeout` after waiting. */
export async function claim(
  bus: Bus,
  { session_id }: SessionRecord,
  task_id: string,
  options: { ttl: number | null; wait: number | null },
): Promise<ClaimResult> {
  checkedTask(task_id);
  const got: Claim = await acquire(bus, session_id, options.wait, (queue, liveness) =>
    bus.store.acquireClaim({ session_id, task_id, ttl: options.ttl, ...queue }, liveness),
  );
  return { claim: got };
}

/** Releases these tasks, or with null all that the session claims. Throws `conflict` for another's. */
export async function release(
  bus: Bus,
  { session_id }: SessionRecord,
  tasks: readonly string[] | null,
): Promise<ReleaseResult> {
  const { released } = await bus.store.releaseClaims(
    session_id,
    tasks && [...new Set(tasks)],
    livenessNow(bus),
  );
  bus.changeSignal.notify("everyone");
  return { released };
}
