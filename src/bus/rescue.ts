import type { Bus } from "./bus";
import { callingOrNobody, momentNow } from "./caller";
import { timestamp } from "./clock";
import type { Warning } from "./errors";
import { everyoneInformed } from "./hosts";
import { chooseVictims, endProcess, type KillOutcome, unkilled } from "./kill";
import { endLost } from "./lost";
import { choose, examine, type Patient } from "./patient";
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
  asOperator: boolean;
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
export async function rescue(bus: Bus, request: RescueRequest): Promise<Rescue> {
  const warnings: Warning[] = [];
  const current = request.asOperator ? null : await callingOrNobody(bus, warnings);
  const { found: all, moment } = await everyoneInformed(bus);
  const chosen = await choose(bus, all, request.named, moment);
  const patients = await examine(bus, chosen, current, request.hungAfter, moment);

  const victims = request.kill
    ? patients.filter(({ session }) => request.named.length > 0 || session.state === "HUNG")
    : [];
  const ready = chooseVictims(bus, victims, all, moment);
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
    released = await endLost(bus, patients, { ...request, current, said: moment.said });
    if (current !== null) await bus.store.beat(current, momentNow(bus));
  }
  return { result: { sessions: patients.map(({ session }) => session), released }, warnings };
}

async function exportAll(
  bus: Bus,
  patients: readonly Patient[],
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
