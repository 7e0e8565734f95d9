/** Finding conflicts. */
import { type Conflict, conflict } from "../../bus/alert";
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import { overlaps } from "../rows/alert";
import { fromRow, type SessionRow } from "../rows/session";
import { raiseAlert } from "./alert";
import type { Queries } from "./queries";
import { alive, liveRecord } from "./session";

/**
 * The live sessions that share project, task or directory with this one, as of this transaction, so that of two
 * sessions arriving together one always sees the other. Raises or updates the alerts where `raise` says so.
 */
export async function detectConflicts(
  c: Queries,
  record: SessionRecord,
  liveness: Liveness,
  raise: boolean,
): Promise<Conflict[]> {
  const conflicts: Conflict[] = [];
  const shared = await Promise.all(
    overlaps.map(({ column, local }) => sharing(c, record, column, local, liveness.now)),
  );
  for (const [index, { type, column }] of overlaps.entries()) {
    const resource = record[column];
    if (resource === null) continue;
    const others = await alive(c, shared[index] ?? [], liveness);
    if (others.length === 0) continue;
    conflicts.push(...others.map((other) => conflict(type, other.session_id, resource)));
    const sessions = [...others, record].map((each) => each.session_id);
    if (raise) await raiseAlert(c, type, resource, sessions, record, liveness.now);
  }
  return conflicts;
}

/** The same without writing: what a session collides with now. */
export async function conflictsOf(
  c: Queries,
  session_id: string,
  liveness: Liveness,
): Promise<Conflict[]> {
  const record = await liveRecord(c, session_id);
  if (!record) return [];
  const found: Conflict[] = [];
  for (const { type, column, local } of overlaps) {
    const resource = record[column];
    if (resource === null) continue;
    const others = await sharing(c, record, column, local, liveness.now);
    const living = others.filter((other) => liveness.judge(other).ended === null);
    found.push(...living.map((other) => conflict(type, other.session_id, resource)));
  }
  return found;
}

async function sharing(
  c: Queries,
  record: SessionRecord,
  column: (typeof overlaps)[number]["column"],
  local: boolean,
  at: number,
): Promise<SessionRecord[]> {
  if (record[column] === null) return [];
  const rows = await c.all<SessionRow>(
    `select * from parley.session_registry where ${column} = $resource and status <> 'terminated'
      and session_id <> $session_id order by registered_at, session_id`,
    { resource: record[column], session_id: record.session_id },
  );
  const found = rows
    .filter((row) => !local || row.machine_uuid === record.machine_uuid)
    .map(fromRow);
  if (column !== "task_id") return found;
  const claimed = await c.get<{ session_id: string }>(
    `select session_id from parley.task_claims where task_id = $resource and session_id <> $session_id
      and (expires_at is null or expires_at > $now)`,
    { resource: record.task_id, session_id: record.session_id, now: timestamp(at) },
  );
  const claimer = claimed && (await liveRecord(c, claimed.session_id));
  const known = found.some((each) => each.session_id === claimer?.session_id);
  return claimer && !known ? [...found, claimer] : found;
}
