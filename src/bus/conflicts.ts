/** `conflicts` and `orient`: what collides now, acknowledging alerts, and the overview for a starting session. */
import { type Alert, type Conflict, conflict, conflictRules } from "./alert";
import type { Bus } from "./bus";
import type { Actor, Caller } from "./caller";
import { openDashboard, type OpenedDashboard } from "./status";
import { ParleyError } from "./errors";
import { readConfirmed } from "./shared-hosts";
import type { Lock } from "./lock";
import type { Message } from "./message";
import { operatorId } from "./message";
import type { Session, SessionRecord } from "./session";

export interface ConflictsResult {
  conflicts: Conflict[];
  locks: Lock[];
  alerts: Alert[];
}

export interface OrientResult {
  sessions: Session[];
  alerts: Alert[];
  unread: Message[];
}

/** How many alerts are listed (R119). */
const alertLimit = 20;

export interface ConflictsQuery {
  /** Only the locks on these paths. */
  paths: string[];
  /** All locks of all sessions. */
  all: boolean;
  /** Conflicts of project, task and directory too, and the alerts. */
  full: boolean;
  alerts: boolean;
}

/** Finds what collides now. A file conflicts where another session has locked it, a directory above it or a path below it. */
export async function findConflicts(
  bus: Bus,
  /** Null for the operator, and where no session calls. */
  me: SessionRecord | null,
  query: ConflictsQuery,
): Promise<ConflictsResult> {
  const files = query.paths.map((path) => bus.identity.file(path).file_path);
  const everything = query.full || (files.length === 0 && !query.all && !query.alerts);
  const { found: locks, liveness } = await readConfirmed(bus, (now) =>
    bus.store.locksOn(files.length > 0 ? files : null, now),
  );
  const alerts = await bus.store.alerts(alertLimit, liveness.now);
  const held = files.length > 0 ? locks.filter((lock) => lock.session_id !== me?.session_id) : [];
  const shared = everything && me ? await bus.store.conflictsOf(me.session_id, liveness) : [];
  const alerted = everything ? fromAlerts(alerts, me?.session_id ?? null, shared) : [];
  return {
    conflicts: [
      ...held.map((lock) => conflict("file_conflict", lock.session_id, lock.file_path)),
      ...shared,
      ...alerted,
    ],
    locks: query.all || query.full || files.length > 0 ? locks : [],
    alerts: query.alerts || query.full ? alerts : [],
  };
}

/** Conflicts that are known only by an alert: refused locks and claims; for the operator, those of all sessions. */
function fromAlerts(alerts: Alert[], me: string | null, known: Conflict[]): Conflict[] {
  const seen = new Set(known.map(({ type, resource }) => `${type} ${resource}`));
  return (
    alerts
      // An alert that another program wrote may be of no type of ours: it is listed among the alerts only.
      .filter((alert) => Object.hasOwn(conflictRules, alert.message_type))
      .filter((alert) => !seen.has(`${alert.message_type} ${alert.payload.resource}`))
      .filter((alert) => me === null || alert.payload.sessions.includes(me))
      .flatMap((alert) => {
        const { sessions, resource } = alert.payload;
        // In the alert of a refused lock the first session holds it; the others asked for it.
        const others = alert.message_type === "file_conflict" ? sessions.slice(0, 1) : sessions;
        return others
          .filter((session) => session !== me)
          .map((session) => conflict(alert.message_type, session, resource));
      })
  );
}

/** Acknowledges these alerts, or with none given all that name the session (for the operator: all). */
export async function acknowledge(bus: Bus, actor: Actor, ids: number[]): Promise<ConflictsResult> {
  const at = bus.clock.now();
  const open = await bus.store.alerts(1000, at);
  const mine = open.filter(
    (alert) => actor.id === operatorId || alert.payload.sessions.includes(actor.id),
  );
  const chosen = ids.length > 0 ? [...new Set(ids)] : mine.map((alert) => alert.id);
  const unknown = chosen.filter((id) => !open.some((alert) => alert.id === id));
  if (unknown.length > 0) {
    throw new ParleyError("not_found", `There is no unread alert ${unknown.join(", ")}`, {
      hint: "list them with parley conflicts --alerts; nothing was acknowledged",
      details: { message_ids: unknown },
    });
  }
  const alerts = await bus.store.acknowledge(chosen, actor.id, at);
  bus.changeSignal.notify("everyone");
  return { conflicts: [], locks: [], alerts };
}

/** The sessions, alerts and unread messages, for a session that begins. */
export async function orient(
  bus: Bus,
  caller: Caller,
): Promise<{ result: OrientResult; opened: OpenedDashboard }> {
  const opened = await openDashboard(bus, caller);
  const { sessions, alerts, unread } = opened.dashboard;
  return { result: { sessions, alerts, unread }, opened };
}
