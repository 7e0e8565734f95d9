/** Registering a session, and setting its task. */
import { timestamp } from "../bus/clock";
import { ParleyError } from "../bus/errors";
import { baseId, resolveRegistration, type Registration } from "../bus/registration-target";
import type { Liveness } from "../bus/liveness";
import type { SessionRecord, Registered, TaskChange } from "../bus/session";
import { settleAlerts } from "./alert";
import { detectConflicts } from "./conflicts";
import type { Statements } from "./database";
import { endSession } from "./end-session";
import { insertLifecycle } from "./event";
import { unread } from "./inbox";
import { endIfDead, nextToSweep, refreshHeartbeat, touchAndSweep } from "./liveness";
import { adoptMail, parkMail } from "./mailbox";
import { hasMoved, writeRegistration } from "./registered-row";
import {
  held,
  holdings,
  liveRecord,
  requireLive,
  sessionFrom,
  sessionRecord,
  type SessionRow,
  sessionRow,
  sessionsWhere,
} from "./session";

export type Arrival = Omit<Registered, "other_sessions" | "holdings" | "unread">;

/**
 * What of a registration is done as the only writer. On a server each statement is a trip for which all others wait, so that
 * what can follow does: `welcome`.
 */
export async function registerSession(
  s: Statements,
  registration: Registration,
  liveness: Liveness,
): Promise<Arrival> {
  const found = await candidates(s, registration);
  const placement = resolveRegistration(registration, found.map(sessionFrom), liveness.judge);
  const { session_id, kind } = placement;
  for (const { session_id: dead, reason } of placement.ended) {
    const record = await sessionRecord(s, dead);
    if (record) await endSession(s, record, reason, liveness);
  }
  const isEnded = placement.ended.some((each) => each.session_id === session_id);
  const previousRow = isEnded
    ? await sessionRow(s, session_id)
    : (found.find((row) => row.session_id === session_id) ?? null);
  const previous = previousRow && sessionFrom(previousRow);
  await refuseTakenName(s, registration, session_id, liveness);
  const known = registration.session_uuid_known;
  const resumed =
    kind === "return" ||
    (kind === "new" && known && (await hasEnded(s, registration.session_uuid)));

  if (kind === "new" && previous) await parkMail(s, session_id);
  const row = await writeRegistration(s, placement, registration, previousRow, liveness.now);
  const continues = kind !== "update" || previous?.session_uuid !== registration.session_uuid;
  if (known && continues) await adoptMail(s, registration.session_uuid, session_id);
  const record = sessionFrom(row);

  const created = kind !== "update";
  const event = created ? (resumed ? "resumed" : "started") : null;
  if (event) await insertLifecycle(s, record, event, liveness.now);
  const moved = hasMoved(previous, record);
  if (!created && moved) await settleAlerts(s, session_id, liveness.now, "moved on");
  const conflicts = await detectConflicts(s, record, liveness, created || moved);
  return {
    record,
    created,
    event,
    conflicts,
    touched:
      created || moved
        ? [session_id, ...new Set(conflicts.map((conflict) => conflict.session_id))]
        : [],
  };
}

/** The session's sign of life, what it finds, and the sessions that are to be judged now. */
export async function welcome(
  s: Statements,
  arrival: Arrival,
  { now: at }: Liveness,
): Promise<{ registered: Registered; others: SessionRecord[] }> {
  const { session_id } = arrival.record;
  const [, mail, holding, counted, others] = await Promise.all([
    arrival.created ? 0 : refreshHeartbeat(s, session_id, at),
    unread(s, session_id, at),
    held(s, session_id, at),
    s.get<{ count: number }>(
      `select count(*) as count from parley.session_registry
        where status <> 'terminated' and session_id <> $session_id`,
      { session_id },
    ),
    nextToSweep(s, session_id),
  ]);
  const registered = {
    ...arrival,
    other_sessions: counted?.count ?? 0,
    holdings: { ...holding, unread_count: mail.total },
    unread: mail,
  };
  return { registered, others };
}

/** All rows with the base id or a suffixed form of it, and all live rows of the same pid or conversation. */
function candidates(s: Statements, registration: Registration): Promise<SessionRow[]> {
  const base = baseId(registration);
  return s.all<SessionRow>(
    `select * from parley.session_registry where session_id = $base
      or (session_id >= $base || '-' and session_id < $base || '.')
      or (pid = $pid and status <> 'terminated')
      or (session_uuid = $session_uuid and status <> 'terminated')
      order by session_id`,
    { base, pid: registration.pid, session_uuid: registration.session_uuid },
  );
}

const hasEnded = async (s: Statements, session_uuid: string): Promise<boolean> =>
  (await s.get(
    `select 1 from parley.session_registry
      where session_uuid = $session_uuid and status = 'terminated' limit 1`,
    { session_uuid },
  )) !== null;

/** Names and ids are called in the same way, so each must mean one session. An id in use only gets a suffix. */
async function refuseTakenName(
  s: Statements,
  registration: Registration,
  session_id: string,
  liveness: Liveness,
): Promise<void> {
  const { name, session_id: chosen } = registration;
  if (name !== null) {
    const other =
      (await sessionNamed(s, name, session_id)) ??
      (name === session_id ? null : await liveRecord(s, name));
    await refuseIfAlive(s, "--name", name, other, liveness);
  }
  if (chosen !== null) {
    const other = await sessionNamed(s, chosen, session_id);
    await refuseIfAlive(s, "--session-id", chosen, other, liveness);
  }
}

const sessionNamed = async (
  s: Statements,
  name: string,
  except: string,
): Promise<SessionRecord | null> =>
  (
    await sessionsWhere(s, "name = $name and status <> 'terminated' and session_id <> $except", {
      name,
      except,
    })
  )[0] ?? null;

async function refuseIfAlive(
  s: Statements,
  option: string,
  name: string,
  other: SessionRecord | null,
  liveness: Liveness,
): Promise<void> {
  if (!other || (await endIfDead(s, other, liveness))) return;
  const { session_id } = other;
  throw new ParleyError("conflict", `The name "${name}" belongs to ${session_id}`, {
    hint: `choose another ${option}, or wait until that session ends`,
    details: { name, session_id },
  });
}

export async function setTask(
  s: Statements,
  session_id: string,
  task_id: string | null,
  liveness: Liveness,
): Promise<TaskChange> {
  const before = await requireLive(s, session_id);
  await s.run(
    `update parley.session_registry set task_id = $task_id, heartbeat_at = $now
      where session_id = $session_id`,
    { session_id, task_id, now: timestamp(liveness.now) },
  );
  const record = { ...before, task_id };
  const changed = before.task_id !== task_id;
  if (changed) await settleAlerts(s, session_id, liveness.now, "changed its task");
  const conflicts = await detectConflicts(s, record, liveness, changed);
  await touchAndSweep(s, session_id, liveness);
  return {
    record: (await liveRecord(s, session_id)) ?? record,
    conflicts,
    holdings: await holdings(s, session_id, liveness.now),
    touched: [session_id, ...new Set(conflicts.map((conflict) => conflict.session_id))],
  };
}
