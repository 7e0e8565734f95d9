/** Renders file locks and task claims: `lock`, `unlock`, `claim`, `release` and the lists of both. */
import type { Claim, ClaimResult, ReleaseResult } from "../bus/claim";
import type { Lock, LockResult, UnlockResult } from "../bus/lock";
import { count } from "../bus/text";
import { time } from "./format";
import { projectLabel } from "./session";
import { paint, type Style, title } from "./style";
import { oneLine } from "./text";

export const lockView = ({ locks }: LockResult): string[] => [
  `Locked: ${count(locks.length, "path")}`,
  ...locks.map((lock) => {
    const until = lock.expires_at === null ? "until unlocked" : `until ${time(lock.expires_at)}`;
    return `  ${oneLine(lock.file_path)} (${lock.lock_type}, ${until}, fence ${lock.fence})`;
  }),
];

export const unlockView = ({ released }: UnlockResult): string[] =>
  released.length === 0
    ? ["Nothing was locked there by this session."]
    : released.map((lock) => `Unlocked: ${oneLine(lock.file_path)}`);

/** `--locks`: full paths, so that what is shown can be pasted. */
export const lockList = (locks: Lock[], style: Style, precise: boolean): string[] => [
  ...title(style, "File Locks"),
  locks.length === 0 ? "No file locks." : count(locks.length, "file lock"),
  ...locks.flatMap((lock) => [
    paint(style, "bold", oneLine(lock.file_path)),
    `Held by: ${oneLine(`${lock.session_id} (${lock.lock_type})`)}`,
    `Locked: ${time(lock.locked_at, precise)}`,
    ...expiry("Expires", lock.expires_at, precise),
  ]),
];

export const claimView = ({ claim }: ClaimResult): string[] => [
  `Claimed: ${oneLine(claim.task_id)} (${claim.claim_type}, fence ${claim.fence})`,
  `By: ${oneLine(claim.session_id)}`,
  ...expiry("Until", claim.expires_at, false),
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
    ...expiry("Expires", claim.expires_at, precise),
  ]),
];

const expiry = (label: string, at: string | null, precise: boolean): string[] =>
  at === null ? [] : [`${label}: ${time(at, precise)}`];
