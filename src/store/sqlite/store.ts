import { timestamp } from "../../bus/clock";
import type { Moment } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import type { Ended, Store, StoreOptions, TaskChange } from "../../bus/store";
import {
  acknowledge,
  conflictsOf,
  detectConflicts,
  markAlertsDelivered,
  openAlerts,
  settleAlerts,
} from "./alert";
import { acquireClaim, liveClaimOn, releaseClaims } from "./claim";
import type { Connection } from "./connection";
import { endSession } from "./ending";
import { markDelivered, markRead, openInbox, releaseInbox, unread } from "./inbox";
import { acquireLocks, locksOn, releaseLocks } from "./lock";
import { recentMessages, sendMessages, sentMessages } from "./message";
import { openConnection } from "./open";
import { facts, lifecycle, overview } from "./overview";
import { registerSession } from "./registration";
import {
  endDead,
  holdings,
  liveRecord,
  liveSessions,
  requireLive,
  sessionRecord,
  sessionsByClues,
  sessionsCalled,
  tend,
} from "./session";
import { leaveQueue } from "./waiter";

/** Opens the bus in a SQLite database; throws `not_found`, `not_permitted`, `invalid` (foreign, newer) or `busy`. */
export async function openSqliteStore(path: string, options: StoreOptions): Promise<Store> {
  return storeOn(await openConnection(path, options));
}

function storeOn(c: Connection): Store {
  const { readOnly } = c;
  return {
    location: c.path,
    readOnly,
    facts: () => c.read(() => facts(c)),
    changeCount: async () =>
      c.get<{ data_version: number }>("pragma data_version")?.data_version ?? 0,
    close: async () => c.db.close(),

    registerSession: (registration, moment) =>
      c.write(() => registerSession(c, registration, moment)),
    endSession: (id, reason, moment) => c.write(() => endById(c, id, reason, moment)),
    beat: (id, moment) =>
      c.write(() => {
        tend(c, id, moment);
        return liveRecord(c, id);
      }),
    setTask: (id, taskId, moment) => c.write(() => setTask(c, id, taskId, moment)),
    session: (id) => c.read(() => sessionRecord(c, id)),
    sessionsByClues: (clues, machineUuid) => c.read(() => sessionsByClues(c, clues, machineUuid)),
    sessionsCalled: (called) => c.read(() => sessionsCalled(c, called)),
    liveSessions: async (moment) => {
      await endDead(c, moment);
      return c.read(() => liveSessions(c, moment));
    },
    holdings: (id, at) => c.read(() => holdings(c, id, at)),

    sendMessages: (draft, moment) => c.write(() => sendMessages(c, draft, moment)),
    sentMessages: (sender, limit, at) => c.read(() => sentMessages(c, sender, limit, at)),
    openInbox: (request, moment) =>
      readOnly || request.peek
        ? c.read(() => openInbox(c, request, moment))
        : c.write(() => openInbox(c, request, moment)),
    releaseInbox: (mailbox, ids, at) => c.write(() => releaseInbox(c, mailbox, ids, at)),
    markDelivered: (mailbox, ids, how, at) =>
      c.write(() => markDelivered(c, mailbox, ids, how, at)),
    markRead: (mailbox, ids, moment) => c.write(() => markRead(c, mailbox, ids, moment)),
    unread: (mailbox, at) => c.read(() => unread(c, mailbox, at)),
    recentMessages: (limit, at) => c.read(() => recentMessages(c, limit, at)),

    acquireLocks: (request, moment) => c.write(() => acquireLocks(c, request, moment)),
    releaseLocks: (id, paths, moment) => c.write(() => releaseLocks(c, id, paths, moment)),
    acquireClaim: (request, moment) => c.write(() => acquireClaim(c, request, moment)),
    releaseClaims: (id, tasks, moment) => c.write(() => releaseClaims(c, id, tasks, moment)),
    leaveQueue: async (ticket) => {
      await c.write(() => leaveQueue(c, ticket));
    },

    alerts: (limit, at) => c.read(() => openAlerts(c, limit, at)),
    conflictsOf: (id, moment) => c.read(() => conflictsOf(c, id, moment)),
    locksOn: async (paths, moment) => {
      await endDead(c, moment);
      return c.read(() => locksOn(c, paths, moment));
    },
    claimOn: async (taskId, moment) => {
      await endDead(c, moment);
      return c.read(() => liveClaimOn(c, taskId, moment));
    },
    acknowledge: (ids, by, at) => c.write(() => acknowledge(c, ids, by, at)),
    markAlertsDelivered: async (ids, at) => {
      await c.write(() => markAlertsDelivered(c, ids, at));
    },
    overview: async (moment) => {
      await endDead(c, moment);
      return c.read(() => overview(c, moment));
    },
    lifecycle: (limit) => c.read(() => lifecycle(c, limit)),
  };
}

function endById(c: Connection, id: string, reason: string, moment: Moment): Ended | null {
  const record = liveRecord(c, id);
  return record && { record, released: endSession(c, record, reason, moment) };
}

function setTask(
  c: Connection,
  session_id: string,
  task_id: string | null,
  moment: Moment,
): TaskChange {
  const before = requireLive(c, session_id);
  c.run(
    "update session_registry set task_id = $task_id, heartbeat_at = $now where session_id = $session_id",
    {
      session_id,
      task_id,
      now: timestamp(moment.at),
    },
  );
  const record: SessionRecord = { ...before, task_id };
  const changed = before.task_id !== task_id;
  if (changed) settleAlerts(c, session_id, moment.at, "changed its task");
  const { conflicts } = detectConflicts(c, record, moment, changed);
  tend(c, session_id, moment);
  return {
    record: liveRecord(c, session_id) ?? record,
    conflicts,
    holdings: holdings(c, session_id, moment.at),
    touched: [session_id, ...new Set(conflicts.map((conflict) => conflict.session_id))],
  };
}
