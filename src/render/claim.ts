import type { Claim } from "../bus/claim";
import { count, time } from "./format";
import { type Look, paint, title } from "./look";
import { oneLine } from "./text";
import { project } from "./who";

/** `--claims` */
export const claimView = (look: Look, claims: Claim[], precise: boolean): string[] => [
  ...title(look, "Task Claims"),
  claims.length === 0 ? "No task claims." : count(claims.length, "task claim"),
  ...claims.flatMap((claim) => [
    paint(look, "bold", oneLine(claim.task_id)),
    `Claimed by: ${oneLine(`${claim.session_id} (${claim.claim_type})`)}`,
    `Project: ${project(claim.project_id)}`,
    `Claimed: ${time(claim.claimed_at, precise)}`,
    ...(claim.expires_at === null ? [] : [`Expires: ${time(claim.expires_at, precise)}`]),
  ]),
];
