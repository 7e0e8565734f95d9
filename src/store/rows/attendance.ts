/** Whose event it is, and what of its session it changes. */
import type { Liveness } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import { fromRow, type SessionRow } from "./session";

/** The session of a conversation whose process is the nearest of these; one that is dead is nobody's. */
export function visitorAmong(
  rows: readonly SessionRow[],
  near: readonly number[],
  liveness: Liveness,
): SessionRecord | null {
  const found = rows.map(fromRow);
  for (const pid of near) {
    const record = found.find((each) => each.pid === pid);
    if (record && liveness.judge(record).ended === null) return record;
  }
  return null;
}

/** What an event of an agent may change in the row of its session. */
export const attendedColumns = (record: SessionRecord) => ({
  activity: record.activity?.state ?? null,
  activity_since: record.activity?.since ?? null,
  active_files: JSON.stringify(record.active_files),
  edited_files: JSON.stringify(record.edited_files),
  permission_mode: record.permission_mode,
  agent_home: record.agent_home,
});
