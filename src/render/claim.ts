/** A list of claims. */
import type { Claim } from "../bus/claim";
import { count, time } from "./format";
import { type Style, paint, title } from "./style";
import { oneLine } from "./text";
import { project } from "./labels";

/** `--claims` */
export const claimView = (style: Style, claims: Claim[], precise: boolean): string[] => [
  ...title(style, "Task Claims"),
  claims.length === 0 ? "No task claims." : count(claims.length, "task claim"),
  ...claims.flatMap((claim) => [
    paint(style, "bold", oneLine(claim.task_id)),
    `Claimed by: ${oneLine(`${claim.session_id} (${claim.claim_type})`)}`,
    `Project: ${project(claim.project_id)}`,
    `Claimed: ${time(claim.claimed_at, precise)}`,
    ...(claim.expires_at === null ? [] : [`Expires: ${time(claim.expires_at, precise)}`]),
  ]),
];
