/** The adapter: each operation as one transaction. */
import { timestamp } from "../../bus/clock";
import { ParleyError } from "../../bus/errors";
import type { Liveness } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import type { Ended, Store, StoreOptions, TaskChange } from "../../bus/store";
import { acknowledge, markAlertsDelivered, openAlerts, settleAlerts } from "./alert";
import { attend } from "./attendance";
import { openCheckpoints } from "./checkpoint";
import { cleanUp } from "./cleanup";
import { acquireClaim, releaseClaims } from "./claim";
import { sessionsByClues } from "./clues";
import { closeConnection } from "./closing";
import { conflictsOf, detectConflicts } from "./conflict";
import type { Connection } from "./connection";
import { endSession } from "./ending";
import { newer } from "./failure";
import { liveClaimOn, locksOn } from "./holder";
import { markAnnounced, markDelivered, markRead, openInbox, releaseInbox, unread } from "./inbox";
import { releaseLocks } from "./lock";
import { messages, messagesAfter, messageStates, newestId, recentMessages } from "./feed";
import { publishMessage, sendMessages, sentMessages } from "./message";
import { openConnection, readVersions } from "./open";
import { facts, lifecycle, overview } from "./overview";
import { endLeases, overdue } from "./overdue";
import { openPurge } from "./purge";
import { registerSession } from "./registration";
import { noteWake, reserveWake } from "./rouse";
import { endSessions, exportSession, sessionsToRescue } from "./rescue";
import { schemaVersion } from "./schema";
import {
  endDead,
  holdings,
  liveRecord,
  liveSessions,
  requireLive,
  sessionRecord,
  sessionsCalled,
  tend,
} from "./session";
import { acquireLocks } from "./taking";
import { heldAlready } from "./turn";
import { leaveQueue } from "./waiter";

/** Opens the bus in a SQLite database; throws `not_found`, `not_permitted`, `invalid` (foreign, newer) or `busy`. */
export async function openSqliteStore(path: string, options: StoreOptions): Promise<Store> {
  return storeOn(await openConnection(path, options));
}

function storeOn(c: Connection): Store {
  const { readOnly } = c;
  const purgeIfDue = openPurge(c);
  const checkpointSoon = openCheckpoints(c);
  /** Whatever adds rows writes through this, so that what is past its time goes as new comes. */
  const write = async <T>(at: number, work: () => T): Promise<T> => {
    const result = await c.write(work);
    purgeIfDue(at);
    checkpointSoon();
    return result;
  };
  const counted = changeCounter(c);
  /** SQLite does not count what the connection itself has committed, and its process may listen to its own messages. */
  let ownMessages = 0;
  const writeMessages = async <T>(at: number, work: () => T): Promise<T> => {
    const result = await write(at, work);
    ownMessages++;
    return result;
  };
  return {
    location: c.path,
    readOnly,
    facts: () => c.read(() => facts(c)),
    changeCount: async () => counted() + ownMessages,
    announces: false,
    close: async () => closeConnection(c),

    registerSession: (registration, liveness) =>
      write(liveness.now, () => registerSession(c, registration, liveness)),
    endSession: (id, reason, liveness) =>
      write(liveness.now, () => endById(c, id, reason, liveness)),
    heartbeat: (id, liveness) =>
      write(liveness.now, () => {
        tend(c, id, liveness);
        return liveRecord(c, id);
      }),
    recordActivity: (visit, liveness) => attend(c, visit, liveness),
    setTask: (id, taskId, liveness) => write(liveness.now, () => setTask(c, id, taskId, liveness)),
    session: (id) => c.patiently(() => sessionRecord(c, id)),
    sessionsByEvidence: (clues, machineUuid) =>
      c.patiently(() => sessionsByClues(c, clues, machineUuid)),
    sessionsCalled: (called) => c.patiently(() => sessionsCalled(c, called)),
    liveSessions: async (liveness) => {
      await endDead(c, liveness);
      return c.read(() => liveSessions(c, liveness));
    },
    holdings: (id, at) => c.read(() => holdings(c, id, at)),

    sendMessages: (draft, liveness) =>
      writeMessages(liveness.now, () => sendMessages(c, draft, liveness)),
    sentMessages: (sender, limit, at) => c.read(() => sentMessages(c, sender, limit, at)),
    permitWake: (request, liveness) => c.write(() => reserveWake(c, request, liveness.now)),
    recordWake: (evidence, at) => c.write(() => noteWake(c, evidence, at)),
    openInbox: (request, liveness) =>
      readOnly !== null || request.peek
        ? c.read(() => openInbox(c, request, liveness))
        : write(liveness.now, () => openInbox(c, request, liveness)),
    releaseInbox: (mailbox, ids, at) => c.write(() => releaseInbox(c, mailbox, ids, at)),
    markDelivered: (mailbox, ids, how, at) =>
      c.write(() => markDelivered(c, mailbox, ids, how, at)),
    markAnnounced: (mailbox, ids, at) => c.write(() => markAnnounced(c, mailbox, ids, at)),
    markRead: (mailbox, ids, liveness) =>
      write(liveness.now, () => markRead(c, mailbox, ids, liveness)),
    unread: (mailbox, at) => c.patiently(() => unread(c, mailbox, at)),
    publishMessage: (draft, liveness) =>
      writeMessages(liveness.now, () => publishMessage(c, draft, liveness)),
    messagesAfter: (query, at) => c.patiently(() => messagesAfter(c, query, at)),
    recentMessages: (query, at) => c.patiently(() => recentMessages(c, query, at)),
    newestId: () => c.patiently(() => newestId(c)),
    messages: (ids) => c.patiently(() => messages(c, ids)),
    messageStates: (ids) => c.patiently(() => messageStates(c, ids)),

    acquireLocks: async (request, liveness) => {
      const held = request.auto && (await c.patiently(() => heldAlready(c, request, liveness.now)));
      return held || write(liveness.now, () => acquireLocks(c, request, liveness));
    },
    releaseLocks: (id, paths, liveness) =>
      write(liveness.now, () => releaseLocks(c, id, paths, liveness)),
    acquireClaim: (request, liveness) =>
      write(liveness.now, () => acquireClaim(c, request, liveness)),
    releaseClaims: (id, tasks, liveness) =>
      write(liveness.now, () => releaseClaims(c, id, tasks, liveness)),
    leaveQueue: async (ticket) => {
      await c.write(() => leaveQueue(c, ticket));
    },

    sessionsToRescue: (liveness) => c.read(() => sessionsToRescue(c, liveness)),
    endSessions: (ids, reasonFor, liveness) =>
      c.write(() => endSessions(c, ids, reasonFor, liveness)),
    exportSession: (id) => c.read(() => exportSession(c, id)),

    alerts: (limit, at) => c.patiently(() => openAlerts(c, limit, at)),
    conflictsOf: (id, liveness) => c.read(() => conflictsOf(c, id, liveness)),
    locksOn: async (paths, liveness) => {
      await endDead(c, liveness);
      await endLeases(c, liveness);
      return c.read(() => locksOn(c, paths, liveness));
    },
    claimOn: async (taskId, liveness) => {
      await endDead(c, liveness);
      await endLeases(c, liveness);
      return c.read(() => liveClaimOn(c, taskId, liveness));
    },
    acknowledge: (ids, by, at) => c.write(() => acknowledge(c, ids, by, at)),
    markAlertsDelivered: async (ids, at) => {
      c.tidy(() => void markAlertsDelivered(c, ids, at));
    },
    overdue: (liveness) => c.read(() => overdue(c, liveness)),
    cleanUp: (liveness, options) => cleanUp(c, liveness, options),
    overview: async (liveness) => {
      await endDead(c, liveness);
      await endLeases(c, liveness);
      return c.read(() => overview(c, liveness));
    },
    lifecycle: (limit) => c.patiently(() => lifecycle(c, limit)),
  };
}

/** Counts the commits of other connections. Throws `invalid` once one of them has migrated the database past us. */
function changeCounter(c: Connection): () => number {
  let last = -1;
  return () => {
    if (c.frozen) throw deaf(c);
    const count = c.get<{ data_version: number }>("pragma data_version")?.data_version ?? 0;
    if (count === last) return count;
    const version = readVersions(c)?.version ?? 0;
    if (version > schemaVersion) throw newer(c.path, version, schemaVersion);
    last = count;
    return count;
  };
}

const deaf = ({ path, readOnly }: Connection): ParleyError =>
  new ParleyError("not_permitted", `Cannot wait for what is new in ${path}, since ${readOnly}`, {
    hint: "look at what is there without waiting, or try again once it can be written",
    details: { database: path },
  });

function endById(c: Connection, id: string, reason: string, liveness: Liveness): Ended | null {
  const record = liveRecord(c, id);
  return record && { record, released: endSession(c, record, reason, liveness) };
}

function setTask(
  c: Connection,
  session_id: string,
  task_id: string | null,
  liveness: Liveness,
): TaskChange {
  const before = requireLive(c, session_id);
  c.run(
    "update session_registry set task_id = $task_id, heartbeat_at = $now where session_id = $session_id",
    {
      session_id,
      task_id,
      now: timestamp(liveness.now),
    },
  );
  const record: SessionRecord = { ...before, task_id };
  const changed = before.task_id !== task_id;
  if (changed) settleAlerts(c, session_id, liveness.now, "changed its task");
  const { conflicts } = detectConflicts(c, record, liveness, changed);
  tend(c, session_id, liveness);
  return {
    record: liveRecord(c, session_id) ?? record,
    conflicts,
    holdings: holdings(c, session_id, liveness.now),
    touched: [session_id, ...new Set(conflicts.map((conflict) => conflict.session_id))],
  };
}
