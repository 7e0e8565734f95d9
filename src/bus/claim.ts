/** Claims: shapes and requests. */
import { ParleyError } from "./errors";
import type { Waiting } from "./lock";

/** A row of `task_claims`. */
export interface Claim {
  task_id: string;
  session_id: string;
  claim_type: string;
  project_id: string | null;
  claimed_at: string;
  expires_at: string | null;
  /** Number of the ownership change that gave it. */
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

/** Blank or many lines long it could not be told from another, or not be shown. */
const taskForm = /^(?=.*\S)[^\p{Cc}]{1,200}$/u;

/** A task's id as a tracker may write it: one line of up to 200 characters. Throws `invalid`. */
export function checkedTask(task_id: string): string {
  if (taskForm.test(task_id)) return task_id;
  throw new ParleyError("invalid", "A task's id is one line of up to 200 characters", {
    hint: "for example H.13.7",
    details: { task_id: task_id.slice(0, 200) },
  });
}
