/** The session that a method acts for. */
import type { Bus } from "../bus/bus";
import type { CallerEvidence, Identity } from "../bus/identity";

/**
 * The bus as this session uses it. With null the session is found: the one of this very process, else by what the
 * command line goes by.
 */
export const speakingFor = (bus: Bus, sessionId: string | null): Bus => ({
  ...bus,
  identity: identityOf(bus.identity, sessionId),
});

const identityOf = (identity: Identity, sessionId: string | null): Identity => ({
  processes: identity.processes,
  machine: () => identity.machine(),
  agent: (request) => identity.agent(request),
  likelyPids: (vendor) => identity.likelyPids(vendor),
  vendorOf: (program) => identity.vendorOf(program),
  callerEvidence: () => (sessionId === null ? withItself(identity) : named(sessionId)),
  project: (cwd) => identity.project(cwd),
  directory: (path) => identity.directory(path),
  ancestors: () => identity.ancestors(),
  ownProcess: () => identity.ownProcess(),
  file: (path) => identity.file(path),
});

const named = (session: string): CallerEvidence => ({
  session,
  ancestors: [],
  conversation_ids: [],
  tty: null,
});

/** A command is never its own session, a program is: it comes before all that is above it. */
function withItself(identity: Identity): CallerEvidence {
  const clues = identity.callerEvidence();
  const self = clues.session === null ? identity.ownProcess() : null;
  return self ? { ...clues, ancestors: [self, ...clues.ancestors] } : clues;
}
