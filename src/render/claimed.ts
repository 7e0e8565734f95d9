/** View of `claim`. */
import type { ClaimResult } from "../bus/claim";
import { time } from "./format";
import { oneLine } from "./text";

export const render = ({ claim }: ClaimResult): string[] => [
  `Claimed: ${oneLine(claim.task_id)} (${claim.claim_type}, fence ${claim.fence})`,
  `By: ${oneLine(claim.session_id)}`,
  ...(claim.expires_at === null ? [] : [`Until: ${time(claim.expires_at, false)}`]),
];
