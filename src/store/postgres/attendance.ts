/** What an event of an agent means for its session. */
import { type HookActivity, type ActivityResult, applyActivity } from "../../bus/hook-activity";
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import { attendedColumns, visitorAmong } from "../rows/attendance";
import type { SessionRow } from "../rows/session";
import type { Connection } from "./connection";
import type { Queries } from "./queries";
import { waitingMail } from "./inbox";
import { humanSpoke } from "./loop";
import { tend } from "./session";
import { freeTurnLeases, hasTurnLeases } from "./turn";
import { waitingSessions } from "./waiter";

/** Looks first, and writes only where something has to be written: most events change nothing. */
export async function attend(
  connection: Connection,
  readOnly: boolean,
  visit: HookActivity,
  liveness: Liveness,
): Promise<ActivityResult | null> {
  const looked = await connection.look(async (c) => {
    const record = await visitor(c, visit, liveness);
    if (!record) return null;
    const [waiting, due] = await Promise.all([
      waitingFor(c, visit, record, liveness.now),
      !readOnly && isDue(c, visit, record, liveness.now),
    ]);
    return { record, waiting, due };
  });
  if (!looked) return null;
  const { waiting, due } = looked;
  if (!due) return { record: looked.record, waiting, changed: false, touched: [] };
  return connection.write(async (c) => {
    // Read again: it may have ended in between.
    const record = await visitor(c, visit, liveness);
    if (!record) return null;
    const written = await write(c, visit, record, liveness);
    // Counted again: who wrote in between saw it working, and has not woken it.
    return { waiting: await waitingFor(c, visit, record, liveness.now), ...written };
  });
}

const waitingFor = async (
  c: Queries,
  { mail_from, goes_on }: HookActivity,
  { session_id }: SessionRecord,
  at: number,
): Promise<number> => (mail_from === null ? 0 : waitingMail(c, session_id, mail_from, at, goes_on));

/** The live session of this conversation whose process is one of those near; one that is dead is nobody's. */
async function visitor(
  c: Queries,
  visit: HookActivity,
  liveness: Liveness,
): Promise<SessionRecord | null> {
  const { llm_vendor, session_uuid, likelyPids: near } = visit;
  const rows = await c.all<SessionRow>(
    `select * from parley.session_registry where session_uuid = $session_uuid and llm_vendor = $llm_vendor
      and machine_uuid = $machine and status <> 'terminated'`,
    { llm_vendor, session_uuid, machine: c.machineUuid },
  );
  return visitorAmong(rows, near, liveness);
}

async function isDue(
  c: Queries,
  visit: HookActivity,
  record: SessionRecord,
  at: number,
): Promise<boolean> {
  const { visible, told, beat } = applyActivity(visit, record, at);
  if (visible || told || beat || visit.prompted_by !== undefined) return true;
  return visit.ends_turn && (await hasTurnLeases(c, record.session_id));
}

async function write(
  c: Queries,
  visit: HookActivity,
  before: SessionRecord,
  liveness: Liveness,
): Promise<Omit<ActivityResult, "waiting">> {
  const { session_id } = before;
  const { record, visible, told, beat } = applyActivity(visit, before, liveness.now);
  if (visible || told) {
    await c.run(
      `update parley.session_registry set activity = $activity, activity_since = $activity_since,
          active_files = $active_files, edited_files = $edited_files, permission_mode = $permission_mode,
          agent_home = $agent_home
        where session_id = $session_id`,
      { session_id, ...attendedColumns(record) },
    );
  }
  if (visit.prompted_by === "human") await humanSpoke(c, session_id, liveness.now);
  if (visit.prompted_by === "wake") {
    await c.run(
      "update parley.session_registry set woken_at = $now where session_id = $session_id",
      {
        session_id,
        now: timestamp(liveness.now),
      },
    );
  }
  if (beat) await tend(c, session_id, liveness);
  const freed = visit.ends_turn ? await freeTurnLeases(c, session_id, liveness.now) : 0;
  return {
    record,
    changed: visible || freed > 0,
    touched: freed > 0 ? await waitingSessions(c, "lock") : [],
  };
}
