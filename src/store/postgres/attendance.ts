import { type Attendance, type Attended, changeBy } from "../../bus/attendance";
import { timestamp } from "../../bus/clock";
import type { Moment } from "../../bus/liveness";
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
  visit: Attendance,
  moment: Moment,
): Promise<Attended | null> {
  const looked = await connection.look(async (c) => {
    const record = await visitor(c, visit, moment);
    if (!record) return null;
    const [waiting, due] = await Promise.all([
      waitingFor(c, visit, record, moment.at),
      !readOnly && isDue(c, visit, record, moment.at),
    ]);
    return { record, waiting, due };
  });
  if (!looked) return null;
  const { waiting, due } = looked;
  if (!due) return { record: looked.record, waiting, changed: false, touched: [] };
  return connection.write(async (c) => {
    // Read again: it may have ended in between.
    const record = await visitor(c, visit, moment);
    if (!record) return null;
    const written = await write(c, visit, record, moment);
    // Counted again: who wrote in between saw it working, and has not woken it.
    return { waiting: await waitingFor(c, visit, record, moment.at), ...written };
  });
}

const waitingFor = async (
  c: Queries,
  { mail_from, goes_on }: Attendance,
  { session_id }: SessionRecord,
  at: number,
): Promise<number> => (mail_from === null ? 0 : waitingMail(c, session_id, mail_from, at, goes_on));

/** The live session of this conversation whose process is one of those near; one that is dead is nobody's. */
async function visitor(
  c: Queries,
  visit: Attendance,
  moment: Moment,
): Promise<SessionRecord | null> {
  const { llm_vendor, session_uuid, near } = visit;
  const rows = await c.all<SessionRow>(
    `select * from parley.session_registry where session_uuid = $session_uuid and llm_vendor = $llm_vendor
      and machine_uuid = $machine and status <> 'terminated'`,
    { llm_vendor, session_uuid, machine: c.machineUuid },
  );
  return visitorAmong(rows, near, moment);
}

async function isDue(
  c: Queries,
  visit: Attendance,
  record: SessionRecord,
  at: number,
): Promise<boolean> {
  const { visible, told, beat } = changeBy(visit, record, at);
  if (visible || told || beat || visit.prompted_by !== undefined) return true;
  return visit.ends_turn && (await hasTurnLeases(c, record.session_id));
}

async function write(
  c: Queries,
  visit: Attendance,
  before: SessionRecord,
  moment: Moment,
): Promise<Omit<Attended, "waiting">> {
  const { session_id } = before;
  const { record, visible, told, beat } = changeBy(visit, before, moment.at);
  if (visible || told) {
    await c.run(
      `update parley.session_registry set activity = $activity, activity_since = $activity_since,
          active_files = $active_files, edited_files = $edited_files, permission_mode = $permission_mode,
          agent_home = $agent_home
        where session_id = $session_id`,
      { session_id, ...attendedColumns(record) },
    );
  }
  if (visit.prompted_by === "human") await humanSpoke(c, session_id, moment.at);
  if (visit.prompted_by === "doorbell") {
    await c.run(
      "update parley.session_registry set woken_at = $now where session_id = $session_id",
      {
        session_id,
        now: timestamp(moment.at),
      },
    );
  }
  if (beat) await tend(c, session_id, moment);
  const freed = visit.ends_turn ? await freeTurnLeases(c, session_id, moment.at) : 0;
  return {
    record,
    changed: visible || freed > 0,
    touched: freed > 0 ? await waitingSessions(c, "lock") : [],
  };
}
