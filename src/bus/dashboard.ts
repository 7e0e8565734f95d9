/** One picture of the bus for a caller. */
import type { Bus } from "./bus";
import { type Actor, type Caller, unlessRefused } from "./caller";
import { describeSession } from "./describe";
import type { Warning } from "./errors";
import { readConfirmed } from "./shared-hosts";
import { type OpenedInbox, openInbox } from "./inbox";
import { operatorId } from "./message";
import { observations } from "./observations";
import type { Overview } from "./store";
import type { Dashboard } from "./status";

/** How many unread messages the dashboard shows (R119). */
const unreadLimit = 50;
/** How many lifecycle events it shows (R143). */
const lifecycleLimit = 10;

export interface OpenedDashboard {
  dashboard: Dashboard;
  overview: Overview;
  warnings: Warning[];
  /** Marks what was printed: the alerts and messages among `parts`. Best effort. */
  onShown: (parts: { alerts: boolean; unread: boolean }) => Promise<void>;
  /** Gives the messages back where nobody could read them. */
  onDropped: () => Promise<void>;
}

export interface DashboardQuery {
  /** The caller's messages are going to be printed; otherwise they are not even looked at. */
  unread: boolean;
  /** A further picture for the same eyes, which writes nothing unless there is something new to show. */
  again: boolean;
  /** Hooks are off: what they last said of anybody is no longer so. */
  hooksOff?: boolean;
}

/** One picture of the bus, with what is waiting for the caller. Numbers are those before the showing. */
export async function openDashboard(
  bus: Bus,
  { actor, warnings: found }: Caller,
  query: DashboardQuery = { unread: true, again: false },
): Promise<OpenedDashboard> {
  const warnings = [...found];
  const caller = actor?.record?.session_id ?? null;
  const { found: overview, liveness } = await readConfirmed(bus, (now) => bus.store.overview(now));
  const operator_unread = (await bus.store.unread(operatorId, liveness.now)).total;
  const inbox = actor && query.unread ? await reserve(bus, actor, query.again, warnings) : null;
  // Every command of a session is a sign of life.
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
