/** Which sessions share project, task or directory. */
import { type Conflict, conflict } from "../bus/alert";
import { timestamp } from "../bus/clock";
import type { Liveness } from "../bus/liveness";
import type { SessionRecord } from "../bus/session";
import { collisions, raiseAlert } from "./alert";
import type { Statements } from "./database";
import { stillAlive } from "./liveness";
import { liveRecord, sessionsWhere } from "./session";

/**
 * The live sessions that share project, task or directory with this one, as of this transaction, so that of two
 * sessions arriving together one always sees the other. Raises or updates the alerts where `raise` says so.
 */
export async function detectConflicts(
  s: Statements,
  record: SessionRecord,
  liveness: Liveness,
  raise: boolean,
): Promise<Conflict[]> {
  const found: Conflict[] = [];
  for (const { type, resource, sharing } of await allSharing(s, record, liveness.now)) {
    const others = await stillAlive(s, sharing, liveness);
    if (others.length === 0) continue;
    found.push(...others.map((other) => conflict(type, other.session_id, resource)));
    const sessions = [...others, record].map((each) => each.session_id);
    if (raise) await raiseAlert(s, type, resource, sessions, record, liveness.now);
  }
  return found;
}

/** The same without writing: what a session collides with now. */
export async function conflictsOf(
  s: Statements,
  session_id: string,
  liveness: Liveness,
): Promise<Conflict[]> {
  const record = await liveRecord(s, session_id);
  if (!record) return [];
  return (await allSharing(s, record, liveness.now)).flatMap(({ type, resource, sharing }) =>
    sharing
      .filter((other) => liveness.judge(other).ended === null)
      .map((other) => conflict(type, other.session_id, resource)),
  );
}

interface Sharing {
  type: (typeof collisions)[number]["type"];
  resource: string;
  /** As they stand, the dead among them. */
  sharing: SessionRecord[];
}

const allSharing = async (s: Statements, record: SessionRecord, at: number): Promise<Sharing[]> =>
  Promise.all(
    collisions.flatMap(({ type, column, local }) => {
      const resource = record[column];
      if (resource === null) return [];
      return sharingColumn(s, record, column, resource, local, at).then((sharing) => ({
        ...{ type, resource, sharing },
      }));
    }),
  );

async function sharingColumn(
  s: Statements,
  { session_id, machine_uuid }: SessionRecord,
  column: (typeof collisions)[number]["column"],
  resource: string,
  local: boolean,
  at: number,
): Promise<SessionRecord[]> {
  const [records, claimed] = await Promise.all([
    sessionsWhere(
      s,
      `${column} = $resource and status <> 'terminated' and session_id <> $session_id
        order by registered_at, session_id`,
      { resource, session_id },
    ),
    column !== "task_id"
      ? null
      : s.get<{ session_id: string }>(
          `select session_id from parley.task_claims where task_id = $resource and session_id <> $session_id
            and (expires_at is null or expires_at > $now)`,
          { resource, session_id, now: timestamp(at) },
        ),
  ]);
  const found = records.filter((each) => !local || each.machine_uuid === machine_uuid);
  const claimer = claimed && (await liveRecord(s, claimed.session_id));
  const known = found.some((each) => each.session_id === claimer?.session_id);
  return claimer && !known ? [...found, claimer] : found;
}
