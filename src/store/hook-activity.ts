/** What an event of an agent changes for its session. */
import { type ActivityResult, applyActivity, type HookActivity } from "../bus/hook-activity";
import { timestamp } from "../bus/clock";
import type { Liveness } from "../bus/liveness";
import type { SessionRecord } from "../bus/session";
import type { Database, Statements } from "./database";
import { waitingMail } from "./inbox";
import { touchAndSweep } from "./liveness";
import { humanSpoke } from "./message-loop";
import { sessionsWhere } from "./session";
import { freeTurnLeases, hasTurnLeases } from "./turn-leases";
import { waitingSessions } from "./wait-queue";

/** Looks first, and takes the lock of the writers only where something has to be written: most events change nothing. */
export async function recordActivity(
  db: Database,
  visit: HookActivity,
  liveness: Liveness,
): Promise<ActivityResult | null> {
  const looked = await db.query(async (s) => {
    const record = await matchSession(s, visit, liveness);
    if (!record) return null;
    const [waiting, due] = await Promise.all([
      waitingFor(s, visit, record, liveness.now),
      db.readOnly === null && isDue(s, visit, record, liveness.now),
    ]);
    return { record, waiting, due };
  });
  if (!looked) return null;
  const { waiting, due } = looked;
  if (!due) return { record: looked.record, waiting, changed: false, touched: [] };
  return db.write(async (s) => {
    // Read again: it may have ended in between.
    const record = await matchSession(s, visit, liveness);
    if (!record) return null;
    const written = await writeActivity(s, visit, record, liveness);
    // Counted again: a sender that wrote in between saw the session working, and has not woken it.
    return { waiting: await waitingFor(s, visit, record, liveness.now), ...written };
  });
}

const waitingFor = async (
  s: Statements,
  { mail_from, goes_on }: HookActivity,
  { session_id }: SessionRecord,
  at: number,
): Promise<number> => (mail_from === null ? 0 : waitingMail(s, session_id, mail_from, at, goes_on));

/** The live session of this conversation whose process is the nearest of these; a dead one matches nothing. */
async function matchSession(
  s: Statements,
  visit: HookActivity,
  liveness: Liveness,
): Promise<SessionRecord | null> {
  const { llm_vendor, session_uuid, likelyPids } = visit;
  const found = await sessionsWhere(
    s,
    `session_uuid = $session_uuid and llm_vendor = $llm_vendor and ${s.dialect.onMachine}
      and status <> 'terminated'`,
    { llm_vendor, session_uuid, machine: s.machineUuid },
  );
  for (const pid of likelyPids) {
    const record = found.find((each) => each.pid === pid);
    if (record && liveness.judge(record).ended === null) return record;
  }
  return null;
}

async function isDue(
  s: Statements,
  visit: HookActivity,
  record: SessionRecord,
  at: number,
): Promise<boolean> {
  const { visible, reported, heartbeatDue } = applyActivity(visit, record, at);
  if (visible || reported || heartbeatDue || visit.prompted_by !== undefined) return true;
  return visit.ends_turn && (await hasTurnLeases(s, record.session_id));
}

async function writeActivity(
  s: Statements,
  visit: HookActivity,
  before: SessionRecord,
  liveness: Liveness,
): Promise<Omit<ActivityResult, "waiting">> {
  const { session_id } = before;
  const { record, visible, reported, heartbeatDue } = applyActivity(visit, before, liveness.now);
  if (visible || reported) {
    await s.run(
      `update parley.session_registry set activity = $activity, activity_since = $activity_since,
          active_files = $active_files, edited_files = $edited_files, permission_mode = $permission_mode,
          agent_home = $agent_home
        where session_id = $session_id`,
      {
        session_id,
        activity: record.activity?.state ?? null,
        activity_since: record.activity?.since ?? null,
        active_files: JSON.stringify(record.active_files),
        edited_files: JSON.stringify(record.edited_files),
        permission_mode: record.permission_mode,
        agent_home: record.agent_home,
      },
    );
  }
  if (visit.prompted_by === "human") await humanSpoke(s, session_id, liveness.now);
  if (visit.prompted_by === "wake") {
    await s.run(
      "update parley.session_registry set woken_at = $now where session_id = $session_id",
      { session_id, now: timestamp(liveness.now) },
    );
  }
  if (heartbeatDue) await touchAndSweep(s, session_id, liveness);
  const freed = visit.ends_turn ? await freeTurnLeases(s, session_id, liveness.now) : 0;
  return {
    record,
    changed: visible || freed > 0,
    touched: freed > 0 ? await waitingSessions(s, "lock") : [],
  };
}
