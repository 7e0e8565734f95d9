/** Renders task claims: `claim`, `release` and the list of them. */
import type { Claim, ClaimResult, ReleaseResult } from "../bus/claim";
import { count } from "../bus/text";
import { time } from "./format";
import { projectLabel } from "./session";
import { paint, type Style, title } from "./style";
import { oneLine } from "./text";

export const claimView = ({ claim }: ClaimResult): string[] => [
  `Claimed: ${oneLine(claim.task_id)} (${claim.claim_type}, fence ${claim.fence})`,
  `By: ${oneLine(claim.session_id)}`,
  ...(claim.expires_at === null ? [] : [`Until: ${time(claim.expires_at)}`]),
];

export const releaseView = ({ released }: ReleaseResult): string[] =>
  released.length === 0
    ? ["Nothing of that was claimed by this session."]
    : released.map((claim) => `Released: ${oneLine(claim.task_id)}`);

/** `--claims` */
export const claimList = (claims: Claim[], style: Style, precise: boolean): string[] => [
  ...title(style, "Task Claims"),
  claims.length === 0 ? "No task claims." : count(claims.length, "task claim"),
  ...claims.flatMap((claim) => [
    paint(style, "bold", oneLine(claim.task_id)),
    `Claimed by: ${oneLine(`${claim.session_id} (${claim.claim_type})`)}`,
    `Project: ${projectLabel(claim.project_id)}`,
    `Claimed: ${time(claim.claimed_at, precise)}`,
    ...(claim.expires_at === null ? [] : [`Expires: ${time(claim.expires_at, precise)}`]),
  ]),
];
