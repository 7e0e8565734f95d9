/** The dashboard of `status`: its data, and how it is read and marked as shown. */
import type { Alert } from "./alert";
import type { Bus } from "./bus";
import { type Actor, type Caller, unlessRefused } from "./caller";
import { describeSession, type HeldBy, type Session } from "./session";
import type { Warning } from "./errors";
import { type OpenedInbox, openInbox } from "./inbox";
import { type Message, operatorId } from "./message";
import { observations } from "./observations";
import { readConfirmed } from "./shared-hosts";
import type { Claim } from "./claim";
import type { Lock } from "./lock";

/** Numbers of the whole bus. Message counts are of unexpired messages. */
export interface Stats {
  active_sessions: number;
  /** All sessions ever registered and still kept, the active ones among them. */
  total_sessions: number;
  legacy_messages: number;
  v2_messages: number;
  pending: number;
  delivered: number;
  read: number;
  unread_alerts: number;
  file_locks: number;
  task_claims: number;
  database: DatabaseFacts;
}

export interface DatabaseFacts {
  path: string;
  /** Main file, in bytes. */
  size_bytes: number;
  wal_bytes: number;
  /** `wal`, as SQLite says it. */
  journal_mode: string;
  schema_version: number;
}

export interface LifecycleEvent {
  id: number;
  created_at: string;
  event: "started" | "ended" | "resumed";
  session_id: string;
  project_id: string | null;
  cwd: string | null;
  /** Why it ended; null for the other events. */
  reason: string | null;
}

/** The data of `status`. */
export interface Dashboard {
  sessions: Session[];
  /** Id of the calling session; null where it is not registered. */
  this_session: string | null;
  /** Unread alerts, highest priority first, at most 20. */
  alerts: Alert[];
  /** Unread messages of this session, at most 50. */
  unread: Message[];
  /** Newest first: 10 in the dashboard, 20 in `--lifecycle`. */
  lifecycle: LifecycleEvent[];
  stats: Stats;
  /** The user has turned the hooks of all agents off (`parley off`): what sessions do is unknown. */
  hooks_off: boolean;
  /** Unread messages in the operator's mailbox, whichever session calls. */
  operator_unread: number;
  /** Lines of analysis, in Markdown. */
  observations: string[];
  /** The session log entry that was appended; null with --no-log or where nothing was logged. */
  log: { path: string; entry: string } | null;
}

export interface Overview {
  sessions: HeldBy[];
  alerts: Alert[];
  lifecycle: LifecycleEvent[];
  /** `started` and `resumed` events of live sessions on the current UTC day. */
  started_today: number;
  locks: Lock[];
  claims: Claim[];
  stats: Stats;
}

/** How many unread messages the dashboard shows (R119). */
const unreadLimit = 50;
/** How many lifecycle events it shows (R143). */
const lifecycleLimit = 10;

export interface OpenedDashboard {
  dashboard: Dashboard;
  overview: Overview;
  warnings: Warning[];
  /** Marks the alerts and messages that were printed, as far as the database can be written. */
  onShown: (parts: { alerts: boolean; unread: boolean }) => Promise<void>;
  /** Gives the messages back where the output could not be read. */
  onDropped: () => Promise<void>;
}

export interface DashboardQuery {
  /** The caller's messages are going to be printed; otherwise they are not read. */
  unread: boolean;
  /** Repeated for the same reader: writes nothing unless there is something new to show. */
  again: boolean;
  /** Hooks are off: the activity that they reported last is out of date. */
  hooksOff?: boolean;
}

/** Reads one consistent picture of the bus, with the caller's messages. Numbers are those before they are shown. */
export async function openDashboard(
  bus: Bus,
  { actor, warnings: callerWarnings }: Caller,
  query: DashboardQuery = { unread: true, again: false },
): Promise<OpenedDashboard> {
  const warnings = [...callerWarnings];
  const caller = actor?.record?.session_id ?? null;
  const { found: overview, liveness } = await readConfirmed(bus, (now) => bus.store.overview(now));
  const operator_unread = (await bus.store.unread(operatorId, liveness.now)).total;
  const inbox = actor && query.unread ? await reserve(bus, actor, query.again, warnings) : null;
  // Every command of a session refreshes its heartbeat.
  if (caller !== null && !query.unread && !query.again && !bus.store.readOnly) {
    await unlessRefused(
      warnings,
      () => bus.store.heartbeat(caller, liveness),
      async () => null,
    );
  }

  const hooks_off = query.hooksOff === true;
  const sessions = overview.sessions.map(({ record, holdings }) =>
    describeSession(hooks_off ? { ...record, activity: null } : record, holdings, liveness, bus),
  );
  const dashboard: Dashboard = {
    sessions,
    this_session: caller,
    alerts: overview.alerts,
    unread: inbox?.result.messages ?? [],
    lifecycle: overview.lifecycle.slice(0, lifecycleLimit),
    stats: overview.stats,
    hooks_off,
    operator_unread,
    observations: observations({
      sessions,
      this_session: caller,
      alerts: overview.alerts,
      started_today: overview.started_today,
      processSource: bus.identity.processes.source,
      now: liveness.now,
    }),
    log: null,
  };
  return {
    dashboard,
    overview,
    warnings,
    onShown: async ({ alerts, unread }) => {
      if (bus.store.readOnly) return;
      const pending = overview.alerts
        .filter((alert) => alert.status === "pending")
        .map((alert) => alert.id);
      if (alerts && pending.length > 0)
        await bus.store.markAlertsDelivered(pending, bus.clock.now());
      if (unread) await inbox?.onShown("status");
    },
    onDropped: async () => inbox?.onDropped(),
  };
}

/** The caller's messages, reserved where they are new. */
const reserve = (
  bus: Bus,
  actor: Actor,
  again: boolean,
  warnings: Warning[],
): Promise<OpenedInbox> => {
  const open = (peek: boolean): Promise<OpenedInbox> =>
    openInbox(bus, actor, { channel: null, limit: unreadLimit, peek, again });
  return unlessRefused(
    warnings,
    () => open(bus.store.readOnly !== null),
    () => open(true),
  );
};
