/** Finds the session that a call comes from, and registers one that is new. */
import type { Bus } from "../bus/bus";
import { requireSession } from "../bus/caller";
import { ParleyError } from "../bus/errors";
import type { CallerEvidence, Identity } from "../bus/identity";
import { register } from "../bus/registration";
import type { SessionRecord } from "../bus/session";

/** What a call itself says of the conversation that it comes from. */
export interface CallMetadata {
  vendor: string;
  conversation: string;
}

/**
 * Codex names the conversation in every call: its daemon serves several at a time. Other vendors start one server a
 * process, which their process and environment tell.
 */
export function conversationOf(
  meta: Readonly<Record<string, unknown>> | undefined,
): CallMetadata | null {
  const turn = meta?.["x-codex-turn-metadata"];
  if (typeof turn !== "object" || turn === null || !("session_id" in turn)) return null;
  const { session_id } = turn;
  return typeof session_id === "string" && session_id !== "" && session_id.length <= 128
    ? { vendor: "codex", conversation: session_id }
    : null;
}

/** The session whose call it is; one that is not known yet is registered first. */
export async function sessionOf(
  bus: Bus,
  call: CallMetadata | null,
  vendor: string | undefined,
): Promise<SessionRecord> {
  const evidence = evidenceOf(bus.identity, call);
  const known = await findSession(bus, evidence);
  if (known) return known;
  await register(bus, { vendor: vendor ?? call?.vendor, sessionUuid: call?.conversation });
  return requireSession(bus, evidence);
}

/** Null where no session is registered; throws where one was named that is not, or where several could be meant. */
async function findSession(bus: Bus, evidence: CallerEvidence): Promise<SessionRecord | null> {
  try {
    return await requireSession(bus, evidence);
  } catch (error) {
    const isUnknown =
      error instanceof ParleyError && error.code === "not_registered" && !error.details;
    if (isUnknown) return null;
    throw error;
  }
}

/** The conversation that the call names counts, unless `--session` or PARLEY_SESSION names a session. */
function evidenceOf(identity: Identity, call: CallMetadata | null): CallerEvidence {
  const evidence = identity.callerEvidence();
  if (call === null || evidence.session !== null) return evidence;
  return { ...evidence, conversation_ids: [call.conversation] };
}
