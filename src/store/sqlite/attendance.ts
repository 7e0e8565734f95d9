/** An agent's event, written only where something changed. */
import { type HookActivity, type ActivityResult, applyActivity } from "../../bus/hook-activity";
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import { attendedColumns, visitorAmong } from "../rows/attendance";
import type { SessionRow } from "../rows/session";
import type { Connection } from "./connection";
import { waitingMail } from "./inbox";
import { humanSpoke } from "./loop";
import { tend } from "./session";
import { freeTurnLeases, hasTurnLeases } from "./turn";
import { waitingSessions } from "./waiter";

/** Looks first, and takes the write lock only where something has to be written: most events change nothing. */
export async function attend(
  c: Connection,
  visit: HookActivity,
  liveness: Liveness,
): Promise<ActivityResult | null> {
  const looked = await c.read(() => {
    const record = visitor(c, visit, liveness);
    if (!record) return null;
    const waiting = waitingFor(c, visit, record, liveness.now);
    return { record, waiting, due: !c.readOnly && isDue(c, visit, record, liveness.now) };
  });
  if (!looked) return null;
  const { waiting, due } = looked;
  if (!due) return { record: looked.record, waiting, changed: false, touched: [] };
  return c.write(() => {
    // Read again: it may have ended in between.
    const record = visitor(c, visit, liveness);
    if (!record) return null;
    const written = write(c, visit, record, liveness);
    // Counted again: who wrote in between saw it working, and has not woken it.
    return { waiting: waitingFor(c, visit, record, liveness.now), ...written };
  });
}

const waitingFor = (
  c: Connection,
  { mail_from, goes_on }: HookActivity,
  { session_id }: SessionRecord,
  at: number,
): number => (mail_from === null ? 0 : waitingMail(c, session_id, mail_from, at, goes_on));

/** The live session of this conversation whose process is one of those near; one that is dead is nobody's. */
function visitor(c: Connection, visit: HookActivity, liveness: Liveness): SessionRecord | null {
  const { llm_vendor, session_uuid, likelyPids: near } = visit;
  const rows = c.all<SessionRow>(
    `select * from session_registry
      where session_uuid = $session_uuid and llm_vendor = $llm_vendor and status <> 'terminated'`,
    { llm_vendor, session_uuid },
  );
  return visitorAmong(rows, near, liveness);
}

function isDue(c: Connection, visit: HookActivity, record: SessionRecord, at: number): boolean {
  const { visible, told, beat } = applyActivity(visit, record, at);
  if (visible || told || beat || visit.prompted_by !== undefined) return true;
  return visit.ends_turn && hasTurnLeases(c, record.session_id);
}

function write(
  c: Connection,
  visit: HookActivity,
  before: SessionRecord,
  liveness: Liveness,
): Omit<ActivityResult, "waiting"> {
  const { session_id } = before;
  const { record, visible, told, beat } = applyActivity(visit, before, liveness.now);
  if (visible || told) {
    c.run(
      `update session_registry set activity = $activity, activity_since = $activity_since,
          active_files = $active_files, edited_files = $edited_files, permission_mode = $permission_mode,
          agent_home = $agent_home
        where session_id = $session_id`,
      { session_id, ...attendedColumns(record) },
    );
  }
  if (visit.prompted_by === "human") humanSpoke(c, session_id, liveness.now);
  if (visit.prompted_by === "wake") {
    c.run("update session_registry set woken_at = $now where session_id = $session_id", {
      session_id,
      now: timestamp(liveness.now),
    });
  }
  if (beat) tend(c, session_id, liveness);
  const freed = visit.ends_turn ? freeTurnLeases(c, session_id, liveness.now) : 0;
  return {
    record,
    changed: visible || freed > 0,
    touched: freed > 0 ? waitingSessions(c, "lock") : [],
  };
}
