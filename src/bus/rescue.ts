/** Sessions in trouble: finding, freeing, exporting. */
import type { Bus } from "./bus";
import { type Caller, livenessNow } from "./caller";
import { timestamp } from "./clock";
import type { Warning } from "./errors";
import { allSessionsConfirmed } from "./shared-hosts";
import { chooseVictims, endProcess, type KillOutcome, unkilled } from "./kill";
import { endUnresponsive } from "./lost";
import { selectCandidates, diagnose, type Candidate } from "./rescue-candidates";
import type { Released, Session } from "./session";
import type { RescueState } from "./triage";

/** A session and what was done to it. All else is as it was before: what it held, what waited for it. */
export interface RescuedSession extends Session {
  state: RescueState;
  silent_seconds: number;
  /** Continues its conversation, to be run in its `cwd`; null where none is known. */
  resume_command: string | null;
  ended_at: string | null;
  end_reason: string | null;
  /** This call ended it: what it held is free. */
  released: boolean;
  /** Path of the file that was written; null where none was. */
  exported: string | null;
  /** Null where it was not to be killed. */
  killed: KillOutcome | null;
}

/** The data of `rescue`. */
export interface RescueResult {
  sessions: RescuedSession[];
  released: Released;
}

/** Port: a directory that takes new files. */
export interface NewFiles {
  /** Writes a file of (about) that name, never over another; returns its path. Throws `not_permitted`. */
  add(name: string, text: string): string;
}

export interface RescueRequest {
  /** Ids or names; none: all sessions. */
  named: readonly string[];
  /** Only look: nobody is ended or killed. */
  statusOnly: boolean;
  /** End hung sessions too. */
  force: boolean;
  /** Silence after which a session may be hung, in milliseconds. */
  hungAfter: number;
  /** Where the sessions in trouble, or the named ones, are written to; null: nowhere. */
  files: NewFiles | null;
  /** Kill the processes of the named sessions, or else of the hung ones. */
  kill: boolean;
  confirm: (sessions: readonly RescuedSession[]) => Promise<boolean>;
}

export interface Rescue {
  result: RescueResult;
  warnings: Warning[];
}

/** Finds the sessions that are in trouble, and frees what the dead and the stale ones hold. Throws `not_found`. */
export async function rescue(
  bus: Bus,
  { actor, warnings: found }: Caller,
  request: RescueRequest,
): Promise<Rescue> {
  const warnings = [...found];
  const current = actor?.record?.session_id ?? null;
  const { found: all, liveness } = await allSessionsConfirmed(bus);
  const chosen = await selectCandidates(bus, all, request.named, liveness);
  const patients = await diagnose(bus, chosen, current, request.hungAfter, liveness);

  const victims = request.kill
    ? patients.filter(({ session }) => request.named.length > 0 || session.state === "HUNG")
    : [];
  const ready = chooseVictims(bus, victims, all, liveness);
  if (ready.length > 0 && !(await request.confirm(ready.map(({ session }) => session)))) {
    for (const { session } of ready.splice(0)) session.killed = "declined";
  }
  // First of all kept safe, then touched.
  if (request.files) await exportAll(bus, patients, request, request.files);
  await Promise.all(
    ready.map(async ({ evidence, session }) => {
      session.killed = await endProcess(bus.identity.processes, evidence);
    }),
  );
  warnings.push(...unkilled(victims));
  let released: Released = { locks: 0, claims: 0 };
  if (!request.statusOnly) {
    released = await endUnresponsive(bus, patients, {
      ...request,
      current,
      said: liveness.answers,
    });
    if (current !== null) await bus.store.heartbeat(current, livenessNow(bus));
  }
  return { result: { sessions: patients.map(({ session }) => session), released }, warnings };
}

async function exportAll(
  bus: Bus,
  patients: readonly Candidate[],
  { named }: RescueRequest,
  files: NewFiles,
): Promise<void> {
  for (const { session } of patients) {
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
