/** Finding conflicts. */
import { type Conflict, conflict } from "../../bus/alert";
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import { overlaps } from "../rows/alert";
import { fromRow, type SessionRow } from "../rows/session";
import { raiseAlert } from "./alert";
import type { Connection } from "./connection";
import { endIfDead, liveRecord } from "./session";

export interface Detection {
  conflicts: Conflict[];
  /** Live sessions other than this one. */
  other_sessions: number;
}

/**
 * The live sessions that share project, task or directory with this one, as of this transaction, so that of two
 * sessions arriving together one always sees the other. Raises or updates the alerts where `raise` says so.
 */
export function detectConflicts(
  c: Connection,
  record: SessionRecord,
  liveness: Liveness,
  raise: boolean,
): Detection {
  const conflicts: Conflict[] = [];
  for (const { type, column, local } of overlaps) {
    const resource = record[column];
    if (resource === null) continue;
    const others = sharing(c, record, column, local, liveness.now).filter(
      (other) => !endIfDead(c, other, liveness),
    );
    if (others.length === 0) continue;
    conflicts.push(...others.map((other) => conflict(type, other.session_id, resource)));
    const sessions = [...others, record].map((each) => each.session_id);
    if (raise) raiseAlert(c, type, resource, sessions, record, liveness.now);
  }
  const count = c.get<{ count: number }>(
    "select count(*) as count from session_registry where status <> 'terminated' and session_id <> $session_id",
    { session_id: record.session_id },
  );
  return { conflicts, other_sessions: count?.count ?? 0 };
}

/** The same without writing: what a session collides with now. */
export function conflictsOf(c: Connection, session_id: string, liveness: Liveness): Conflict[] {
  const record = liveRecord(c, session_id);
  if (!record) return [];
  return overlaps.flatMap(({ type, column, local }) => {
    const resource = record[column];
    if (resource === null) return [];
    return sharing(c, record, column, local, liveness.now)
      .filter((other) => liveness.judge(other).ended === null)
      .map((other) => conflict(type, other.session_id, resource));
  });
}

function sharing(
  c: Connection,
  record: SessionRecord,
  column: string,
  local: boolean,
  at: number,
): SessionRecord[] {
  const rows = c.all<SessionRow>(
    `select * from session_registry where ${column} = $resource and status <> 'terminated'
      and session_id <> $session_id order by registered_at, session_id`,
    { resource: record[column as "cwd"], session_id: record.session_id },
  );
  const found = rows
    .filter((row) => !local || row.machine_uuid === record.machine_uuid)
    .map(fromRow);
  if (column !== "task_id") return found;
  const claimed = c.get<{ session_id: string }>(
    `select session_id from task_claims where task_id = $resource and session_id <> $session_id
      and (expires_at is null or expires_at > $now)`,
    { resource: record.task_id, session_id: record.session_id, now: timestamp(at) },
  );
  const claimer = claimed && liveRecord(c, claimed.session_id);
  const known = found.some((each) => each.session_id === claimer?.session_id);
  return claimer && !known ? [...found, claimer] : found;
}
