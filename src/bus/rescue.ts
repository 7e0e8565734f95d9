/** Rescue: finds sessions in trouble, exports them, kills their processes and frees what they hold. */
import type { Bus } from "./bus";
import { type Caller, livenessNow } from "./caller";
import { timestamp } from "./clock";
import type { Warning } from "./errors";
import { chooseVictims, endProcess, type KillOutcome, unkilled } from "./kill";
import type { ConfirmedLiveness } from "./liveness";
import { sameProcess } from "./process";
import type { Released, Session, SessionRecord } from "./session";
import { allSessionsConfirmed } from "./shared-hosts";
import { type Candidate, diagnose, type RescueState, selectCandidates } from "./rescue-candidates";

/** A session and what was done to it. What it held and the mail that waited for it are as they were before. */
export interface RescuedSession extends Session {
  state: RescueState;
  silent_seconds: number;
  /** The command that continues its conversation, to be run in its `cwd`; null where none is known. */
  resume_command: string | null;
  ended_at: string | null;
  end_reason: string | null;
  /** This call ended it and freed what it held. */
  released: boolean;
  /** Path of the file that it was exported to; null where it was not. */
  exported: string | null;
  /** Null where it was not to be killed. */
  killed: KillOutcome | null;
}

export interface RescueResult {
  sessions: RescuedSession[];
  released: Released;
}

/** Port: a directory for new files. */
export interface NewFiles {
  /** Writes a file of about that name, never over another one; returns its path. Throws `not_permitted`. */
  add(name: string, text: string): string;
}

export interface RescueRequest {
  /** Ids or names; none: all sessions. */
  named: readonly string[];
  /** Only report: no session is ended, no process killed. */
  statusOnly: boolean;
  /** End hung sessions too. */
  force: boolean;
  /** Silence after which a session may be hung, in milliseconds. */
  hungAfter: number;
  /** Where the sessions in trouble, or the named ones, are exported to; null: nowhere. */
  files: NewFiles | null;
  /** Kill the processes of the named sessions, or else of the hung ones. */
  kill: boolean;
  confirm: (sessions: readonly RescuedSession[]) => Promise<boolean>;
}

export interface Rescue {
  result: RescueResult;
  warnings: Warning[];
}

/** Finds the sessions in trouble, and frees what the dead and the stale ones hold. Throws `not_found`. */
export async function rescue(
  bus: Bus,
  { actor, warnings: callerWarnings }: Caller,
  request: RescueRequest,
): Promise<Rescue> {
  const warnings = [...callerWarnings];
  const current = actor?.record?.session_id ?? null;
  const { found: all, liveness } = await allSessionsConfirmed(bus);
  const chosen = await selectCandidates(bus, all, request.named, liveness);
  const candidates = await diagnose(bus, chosen, current, request.hungAfter, liveness);

  const victims = request.kill
    ? candidates.filter(({ session }) => request.named.length > 0 || session.state === "HUNG")
    : [];
  const ready = chooseVictims(bus, victims, all, liveness);
  if (ready.length > 0 && !(await request.confirm(ready.map(({ session }) => session)))) {
    for (const { session } of ready.splice(0)) session.killed = "declined";
  }
  // Exported before anything is done to them.
  if (request.files) await exportAll(bus, candidates, request, request.files);
  await Promise.all(
    ready.map(async ({ evidence, session }) => {
      session.killed = await endProcess(bus.identity.processes, evidence);
    }),
  );
  warnings.push(...unkilled(victims));
  let released: Released = { locks: 0, claims: 0 };
  if (!request.statusOnly) {
    const { answers } = liveness;
    released = await endUnresponsive(bus, candidates, request.force, current, answers);
    if (current !== null) await bus.store.heartbeat(current, livenessNow(bus));
  }
  return { result: { sessions: candidates.map(({ session }) => session), released }, warnings };
}

async function exportAll(
  bus: Bus,
  candidates: readonly Candidate[],
  { named }: RescueRequest,
  files: NewFiles,
): Promise<void> {
  for (const { session } of candidates) {
    if (named.length === 0 && !["DEAD", "STALE", "HUNG"].includes(session.state)) continue;
    const { released: _, exported: __, killed: ___, ...facts } = session;
    const document = {
      exported_at: timestamp(bus.clock.now()),
      session: facts,
      ...(await bus.store.exportSession(session.session_id)),
    };
    session.exported = files.add(session.session_id, `${JSON.stringify(document, null, 2)}\n`);
  }
}

/**
 * Ends the dead and the stale sessions, those whose process was killed, and with `force` the hung ones. A session stays
 * that has sent a heartbeat or changed its process since it was examined. `answers`: those of shared hosts at that time.
 * Returns how much became free.
 */
async function endUnresponsive(
  bus: Bus,
  candidates: readonly Candidate[],
  force: boolean,
  current: string | null,
  answers: ConfirmedLiveness["answers"],
): Promise<Released> {
  const unresponsive = new Map(
    candidates
      .filter(
        (each) => each.session.status !== "terminated" && (isDead(each) || isLost(each, force)),
      )
      .map((each) => [each.record.session_id, each]),
  );
  if (unresponsive.size === 0) return { locks: 0, claims: 0 };
  const liveness = livenessNow(bus, answers);
  const by = current ?? "the operator";
  const ended = await bus.store.endSessions(
    [...unresponsive.keys()],
    (record) => {
      const each = unresponsive.get(record.session_id);
      if (each && wasKilled(each) && isSame(record, each)) return `killed by ${by}`;
      const { ended: died } = liveness.judge(record);
      if (died !== null) return died;
      return each && isLost(each, force) && isSame(record, each) ? `rescued by ${by}` : null;
    },
    liveness,
  );
  bus.changeSignal.notify("everyone");
  for (const { record } of ended) {
    const each = unresponsive.get(record.session_id);
    if (each) each.session.released = true;
  }
  return {
    locks: ended.reduce((sum, each) => sum + each.released.locks, 0),
    claims: ended.reduce((sum, each) => sum + each.released.claims, 0),
  };
}

const isDead = (each: Candidate): boolean => each.session.state === "DEAD" || wasKilled(each);

const wasKilled = ({ session }: Candidate): boolean =>
  session.killed === "terminated" || session.killed === "killed";

const isLost = ({ session }: Candidate, force: boolean): boolean =>
  session.state === "STALE" || (force && session.state === "HUNG");

/** It has sent no heartbeat since, and its process is the same. */
const isSame = (now: SessionRecord, { record }: Candidate): boolean =>
  now.heartbeat_at === record.heartbeat_at &&
  (now.evidence === null ? record.evidence === null : sameProcess(now.evidence, record.evidence));
