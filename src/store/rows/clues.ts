/** Which sessions of a process a caller can be. */
import type { CallerEvidence } from "../../bus/identity";
import type { SessionRecord } from "../../bus/session";

/** Which sessions of one process a caller can be; null where it is none of them. */
export function callersAmong(
  found: SessionRecord[],
  { conversation_ids }: CallerEvidence,
): SessionRecord[] | null {
  const own = found.filter(({ session_uuid }) => conversation_ids.includes(session_uuid ?? ""));
  if (own.length > 0) return own;
  // A shared host is everybody's: who knows its own conversation is none of those with another.
  return conversation_ids.length > 0 && found.every((each) => each.shared_host) ? null : found;
}
