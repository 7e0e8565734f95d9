/** Which sessions share project, task or directory. */
import { type Conflict, conflict } from "../bus/alert";
import { timestamp } from "../bus/clock";
import type { Liveness } from "../bus/liveness";
import type { SessionRecord } from "../bus/session";
import { collisions, raiseAlert } from "./alert";
import type { Statements } from "./database";
import { stillAlive } from "./liveness";
import { liveRecord, sessionsWhere } from "./session";
import type { Claim } from "../bus/claim";
import type { Lock } from "../bus/lock";
import { claimOn } from "./claim";
import { lockColumns, lockFrom, type LockRow, overlapping } from "./lock";
import { ranOut } from "./wait-queue";

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

/** Those that are held now, as far as a reader can tell: where nothing can be written the dead are not ended. */
async function heldNow<Each extends Lock | Claim>(
  s: Statements,
  found: readonly Each[],
  liveness: Liveness,
): Promise<Each[]> {
  const current = found.filter((each) => !ranOut(each, liveness.now));
  const holders = await Promise.all(current.map((each) => liveRecord(s, each.session_id)));
  return current.filter((_, index) => {
    const holder = holders[index];
    return holder != null && liveness.judge(holder).ended === null;
  });
}

/** Locks that are held now: on these paths of this machine, above or below them, or all. Reads only. */
export async function locksOn(
  s: Statements,
  paths: readonly string[] | null,
  liveness: Liveness,
): Promise<Lock[]> {
  const found = paths
    ? (await Promise.all(paths.map((path) => overlapping(s, path, s.machineUuid)))).flat()
    : await s.all<LockRow>(
        `select ${lockColumns(s)} from parley.file_locks order by file_path, machine_uuid`,
      );
  const unique = new Map(found.map((lock) => [`${lock.machine_uuid} ${lock.file_path}`, lock]));
  return (await heldNow(s, [...unique.values()], liveness)).map(lockFrom);
}

/** The claim on a task where it is held now. Reads only. */
export async function liveClaimOn(
  s: Statements,
  task_id: string,
  liveness: Liveness,
): Promise<Claim | null> {
  const claim = await claimOn(s, task_id);
  return claim && ((await heldNow(s, [claim], liveness))[0] ?? null);
}
