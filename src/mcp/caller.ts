/** Whose call it is; registering who is new. */
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

/** The bus as the session whose call it is uses it; one that is not known yet is registered first. */
export async function actingAs(
  bus: Bus,
  told: CallMetadata | null,
  vendor: string | undefined,
): Promise<{ bus: Bus; record: SessionRecord }> {
  const own: Bus = { ...bus, identity: withClues(bus.identity, cluesFor(bus.identity, told)) };
  const record = (await known(own)) ?? (await arrive(own, told, vendor));
  // From here on it is known who speaks: nothing is looked for twice.
  const clues: CallerEvidence = {
    session: record.session_id,
    ancestors: [],
    conversation_ids: [],
    tty: null,
  };
  return { bus: { ...bus, identity: withClues(bus.identity, clues) }, record };
}

/** Null where nobody is registered; throws where a session was named that is not, or where several could be meant. */
async function known(bus: Bus): Promise<SessionRecord | null> {
  try {
    return await requireSession(bus);
  } catch (error) {
    const nobody =
      error instanceof ParleyError && error.code === "not_registered" && !error.details;
    if (nobody) return null;
    throw error;
  }
}

async function arrive(
  bus: Bus,
  told: CallMetadata | null,
  vendor: string | undefined,
): Promise<SessionRecord> {
  await register(bus, { vendor: vendor ?? told?.vendor, sessionUuid: told?.conversation });
  return requireSession(bus);
}

/** What is named by `--session` or PARLEY_SESSION stands. */
function cluesFor(identity: Identity, told: CallMetadata | null): CallerEvidence {
  const clues = identity.callerEvidence();
  if (told === null || clues.session !== null) return clues;
  return { ...clues, conversation_ids: [told.conversation] };
}

const withClues = (identity: Identity, clues: CallerEvidence): Identity => ({
  processes: identity.processes,
  machine: () => identity.machine(),
  agent: (request) => identity.agent(request),
  likelyPids: (vendor) => identity.likelyPids(vendor),
  vendorOf: (program) => identity.vendorOf(program),
  callerEvidence: () => clues,
  project: (cwd) => identity.project(cwd),
  directory: (path) => identity.directory(path),
  ancestors: () => identity.ancestors(),
  ownProcess: () => identity.ownProcess(),
  file: (path) => identity.file(path),
});
