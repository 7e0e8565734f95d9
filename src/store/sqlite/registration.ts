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
import type { Connection } from "./connection";
import { endSession } from "./ending";
import { insertLifecycle } from "./event";
import { unread } from "./inbox";
import { inheritMail, strandMail } from "./mailbox";
import { endIfDead, held, liveRecord, sessionRecord, sessionRow, tend } from "./session";

export function registerSession(
  c: Connection,
  registration: Registration,
  liveness: Liveness,
): Registered {
  const placement = resolveRegistration(registration, candidates(c, registration), liveness.judge);
  const { session_id, kind } = placement;
  for (const { session_id: dead, reason } of placement.ended) {
    const record = sessionRecord(c, dead);
    if (record) endSession(c, record, reason, liveness);
  }
  const previousRow = sessionRow(c, session_id);
  const previous = previousRow && fromRow(previousRow);
  refuseTakenName(c, registration, session_id, liveness);
  const known = registration.session_uuid_known;
  const resumed =
    kind === "return" || (kind === "new" && known && hasEnded(c, registration.session_uuid));

  if (kind === "new" && previous) strandMail(c, session_id);
  const wrote = writeRow(c, placement, registration, previousRow, liveness.now);
  const continues = kind !== "update" || previous?.session_uuid !== registration.session_uuid;
  if (known && continues) inheritMail(c, registration.session_uuid, session_id);
  const record = wrote ? sessionRecord(c, session_id)! : previous!;

  const created = kind !== "update";
  const event = created ? (resumed ? "resumed" : "started") : null;
  if (event) insertLifecycle(c, record, event, liveness.now);
  const moved = hasMoved(previous, record);
  if (!created && moved) settleAlerts(c, session_id, liveness.now, "moved on");
  const detection = detectConflicts(c, record, liveness, created || moved);
  tend(c, session_id, liveness);
  const mail = unread(c, session_id, liveness.now);
  return {
    record,
    created,
    event,
    ...detection,
    holdings: { ...held(c, session_id, liveness.now), unread_count: mail.total },
    unread: mail,
    touched:
      created || moved
        ? [session_id, ...new Set(detection.conflicts.map((conflict) => conflict.session_id))]
        : [],
  };
}

/** All rows with the base id or a suffixed form of it, and all live rows of the same pid or conversation. */
function candidates(c: Connection, registration: Registration): SessionRecord[] {
  const base = baseId(registration);
  return c
    .all<SessionRow>(
      `select * from session_registry where session_id = $base
        or (session_id >= $base || '-' and session_id < $base || '.')
        or (pid = $pid and status <> 'terminated')
        or (session_uuid = $session_uuid and status <> 'terminated')
        order by session_id`,
      { base, pid: registration.pid, session_uuid: registration.session_uuid },
    )
    .map(fromRow);
}

function hasEnded(c: Connection, session_uuid: string): boolean {
  return (
    c.get(
      "select 1 from session_registry where session_uuid = $session_uuid and status = 'terminated'",
      {
        session_uuid,
      },
    ) !== null
  );
}

/** Names and ids are called in the same way, so each must mean one session. An id in use only gets a suffix. */
function refuseTakenName(
  c: Connection,
  registration: Registration,
  session_id: string,
  liveness: Liveness,
): void {
  const { name, session_id: chosen } = registration;
  if (name !== null) {
    const other =
      sessionNamed(c, name, session_id) ?? (name === session_id ? null : liveRecord(c, name));
    refuseIfAlive(c, "--name", name, other, liveness);
  }
  if (chosen !== null) {
    refuseIfAlive(c, "--session-id", chosen, sessionNamed(c, chosen, session_id), liveness);
  }
}

function sessionNamed(c: Connection, name: string, except: string): SessionRecord | null {
  const row = c.get<SessionRow>(
    "select * from session_registry where name = $name and status <> 'terminated' and session_id <> $except",
    { name, except },
  );
  return row && fromRow(row);
}

function refuseIfAlive(
  c: Connection,
  option: string,
  called: string,
  other: SessionRecord | null,
  liveness: Liveness,
): void {
  if (!other || endIfDead(c, other, liveness)) return;
  throw nameTaken(option, called, other);
}

/** Writes the row where it is new or has changed; says whether it did. */
function writeRow(
  c: Connection,
  placement: RegistrationTarget,
  registration: Registration,
  previous: SessionRow | null,
  at: number,
): boolean {
  const { session_id } = placement;
  const row = registeredRow(placement, registration, previous, at);
  if (placement.kind !== "update" || previous === null) {
    const columns = Object.keys(row);
    c.run(
      `insert or replace into session_registry(${columns.join(", ")})
        values (${columns.map((column) => `$${column}`).join(", ")})`,
      { ...row },
    );
    return true;
  }
  const changes = changedColumns(row, previous);
  const changed = Object.keys(changes);
  if (changed.length === 0) return false;
  c.run(
    `update session_registry set ${changed.map((column) => `${column} = $${column}`).join(", ")}
      where session_id = $session_id`,
    { session_id, ...changes },
  );
  return true;
}
