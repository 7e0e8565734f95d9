/** When locks and claims are over, and what is said of them. */
import type { Claim } from "../../bus/claim";
import { timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Blocker, Lock } from "../../bus/lock";
import type { SessionRecord } from "../../bus/session";

/** A lock or claim that was given for a time which is over. */
export const ranOut = ({ expires_at }: { expires_at: string | null }, at: number): boolean =>
  expires_at !== null && expires_at <= timestamp(at);

/** An automatic lease younger than this, in milliseconds, is not renewed: every write wakes whoever waits. */
const renewalGrain = 30_000;

/** A lease that is taken for so long, and runs out later than this, is young. */
export const youngFrom = (at: number, ttl: number | null): string =>
  timestamp(at + (ttl ?? 0) - renewalGrain);

type Note = [text: string, payload: Record<string, unknown>];

/** What one that waits tells whoever stands in its way. */
export const waitingNote = (me: SessionRecord, { kind, resource, waits }: Blocker): Note => [
  `${me.session_id} waits for ${waits ? `${resource} after you` : `your ${kind} on ${resource}`}`,
  kind === "lock" ? { file: resource } : { task_id: resource },
];

/** What one that takes a lock by force tells who held it. */
export const takenNote = (me: SessionRecord, { file_path }: Lock): Note => [
  `${me.session_id} has taken your advisory lock on ${file_path}`,
  { file: file_path },
];

export const lockedByOther = (lock: Lock): ParleyError =>
  new ParleyError("conflict", `${lock.file_path} is locked by ${lock.session_id}`, {
    hint: "only its holder unlocks it; nothing was released",
    details: { path: lock.file_path, holder: lock.session_id, lock },
  });

export const claimedByOther = (claim: Claim): ParleyError =>
  new ParleyError("conflict", `${claim.task_id} is claimed by ${claim.session_id}`, {
    hint: "only its owner releases it; nothing was released",
    details: { task_id: claim.task_id, holder: claim.session_id, claim },
  });
