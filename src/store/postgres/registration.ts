/** Registering in one transaction. */
import {
  baseId,
  type RegistrationTarget,
  resolveRegistration,
  type Registration,
} from "../../bus/registration-target";
import type { Liveness } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import type { Registered } from "../../bus/store";
import { changedColumns, hasMoved, nameTaken, registeredRow } from "../rows/registration";
import { fromRow, type SessionRow } from "../rows/session";
import { settleAlerts } from "./alert";
import { detectConflicts } from "./conflict";
import type { Queries } from "./queries";
import { endSession } from "./ending";
import { insertLifecycle } from "./event";
import { unread } from "./inbox";
import { inheritMail, strandMail } from "./mailbox";
import {
  endIfDead,
  held,
  liveRecord,
  refreshHeartbeat,
  sessionRecord,
  sessionRow,
} from "./session";

export type Arrival = Omit<Registered, "other_sessions" | "holdings" | "unread">;

/**
 * What of a registration is done as the one writer. Each trip to the server is one for which all others wait, so that
 * what can follow does: `welcome`.
 */
export async function registerSession(
  c: Queries,
  registration: Registration,
  liveness: Liveness,
): Promise<Arrival> {
  const found = await candidates(c, registration);
  const placement = resolveRegistration(registration, found.map(fromRow), liveness.judge);
  const { session_id, kind } = placement;
  for (const { session_id: dead, reason } of placement.ended) {
    const record = await sessionRecord(c, dead);
    if (record) await endSession(c, record, reason, liveness);
  }
  const isEnded = placement.ended.some((each) => each.session_id === session_id);
  const previousRow = isEnded
    ? await sessionRow(c, session_id)
    : (found.find((row) => row.session_id === session_id) ?? null);
  const previous = previousRow && fromRow(previousRow);
  await refuseTakenName(c, registration, session_id, liveness);
  const known = registration.session_uuid_known;
  const resumed =
    kind === "return" ||
    (kind === "new" && known && (await hasEnded(c, registration.session_uuid)));

  if (kind === "new" && previous) await strandMail(c, session_id);
  const row = await writeRow(c, placement, registration, previousRow, liveness.now);
  const continues = kind !== "update" || previous?.session_uuid !== registration.session_uuid;
  if (known && continues) await inheritMail(c, registration.session_uuid, session_id);
  const record = fromRow(row);

  const created = kind !== "update";
  const event = created ? (resumed ? "resumed" : "started") : null;
  if (event) await insertLifecycle(c, record, event, liveness.now);
  const moved = hasMoved(previous, record);
  if (!created && moved) await settleAlerts(c, session_id, liveness.now, "moved on");
  const conflicts = await detectConflicts(c, record, liveness, created || moved);
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

/** Its sign of life, and what it finds. */
export async function welcome(
  c: Queries,
  arrival: Arrival,
  { now: at }: Liveness,
): Promise<Registered> {
  const { session_id } = arrival.record;
  const [, mail, holding, others] = await Promise.all([
    arrival.created ? 0 : refreshHeartbeat(c, session_id, at),
    unread(c, session_id, at),
    held(c, session_id, at),
    c.get<{ count: number }>(
      `select count(*) as count from parley.session_registry
        where status <> 'terminated' and session_id <> $session_id`,
      { session_id },
    ),
  ]);
  return {
    ...arrival,
    other_sessions: others?.count ?? 0,
    holdings: { ...holding, unread_count: mail.total },
    unread: mail,
  };
}

/** All rows with the base id or a suffixed form of it, and all live rows of the same pid or conversation. */
function candidates(c: Queries, registration: Registration): Promise<SessionRow[]> {
  const base = baseId(registration);
  return c.all<SessionRow>(
    `select * from parley.session_registry where session_id = $base
      or (session_id >= $base || '-' and session_id < $base || '.')
      or (pid = $pid and status <> 'terminated')
      or (session_uuid = $session_uuid and status <> 'terminated')
      order by session_id`,
    { base, pid: registration.pid, session_uuid: registration.session_uuid },
  );
}

const hasEnded = async (c: Queries, session_uuid: string): Promise<boolean> =>
  (await c.get(
    `select 1 from parley.session_registry
      where session_uuid = $session_uuid and status = 'terminated' limit 1`,
    { session_uuid },
  )) !== null;

/** Names and ids are called in the same way, so each must mean one session. An id in use only gets a suffix. */
async function refuseTakenName(
  c: Queries,
  registration: Registration,
  session_id: string,
  liveness: Liveness,
): Promise<void> {
  const { name, session_id: chosen } = registration;
  if (name !== null) {
    const other =
      (await sessionNamed(c, name, session_id)) ??
      (name === session_id ? null : await liveRecord(c, name));
    await refuseIfAlive(c, "--name", name, other, liveness);
  }
  if (chosen !== null) {
    const other = await sessionNamed(c, chosen, session_id);
    await refuseIfAlive(c, "--session-id", chosen, other, liveness);
  }
}

async function sessionNamed(
  c: Queries,
  name: string,
  except: string,
): Promise<SessionRecord | null> {
  const row = await c.get<SessionRow>(
    `select * from parley.session_registry
      where name = $name and status <> 'terminated' and session_id <> $except`,
    { name, except },
  );
  return row && fromRow(row);
}

async function refuseIfAlive(
  c: Queries,
  option: string,
  called: string,
  other: SessionRecord | null,
  liveness: Liveness,
): Promise<void> {
  if (!other || (await endIfDead(c, other, liveness))) return;
  throw nameTaken(option, called, other);
}

/** Writes the row where it is new or has changed. Returns it. */
async function writeRow(
  c: Queries,
  placement: RegistrationTarget,
  registration: Registration,
  previous: SessionRow | null,
  at: number,
): Promise<SessionRow> {
  const { session_id } = placement;
  const row = registeredRow(placement, registration, previous, at);
  if (placement.kind !== "update" || previous === null) {
    const columns = Object.keys(row);
    // A row of that id is of an ended session, whose place in the rotation is not the new one's.
    if (previous) {
      await c.run("delete from parley.session_registry where session_id = $session_id", {
        session_id,
      });
    }
    const inserted = await c.get<SessionRow>(
      `insert into parley.session_registry(${columns.join(", ")})
        values (${columns.map((column) => `$${column}`).join(", ")}) returning *`,
      { ...row },
    );
    return inserted!;
  }
  const changes = changedColumns(row, previous);
  const changed = Object.keys(changes);
  if (changed.length === 0) return previous;
  const updated = await c.get<SessionRow>(
    `update parley.session_registry set ${changed.map((column) => `${column} = $${column}`).join(", ")}
      where session_id = $session_id returning *`,
    { session_id, ...changes },
  );
  return updated!;
}
