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
