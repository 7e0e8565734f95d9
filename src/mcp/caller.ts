/** Finds the session that a call comes from, and registers one that is new. */
import type { CallOrigin } from "../bus/ports";
import type { Bus } from "../bus/bus";
import { requireSession } from "../bus/caller";
import { ParleyError } from "../bus/errors";
import type { CallerEvidence, Identity } from "../bus/identity";
import { register } from "../bus/registration";
import type { SessionRecord } from "../bus/session";

/** The session whose call it is; one that is not known yet is registered first. */
export async function sessionOf(
  bus: Bus,
  call: CallOrigin | null,
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
function evidenceOf(identity: Identity, call: CallOrigin | null): CallerEvidence {
  const evidence = identity.callerEvidence();
  if (call === null || evidence.session !== null) return evidence;
  return { ...evidence, conversation_ids: [call.conversation] };
}
