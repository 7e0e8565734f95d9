/** The bus's port to its memory, for any database. */
import { timestamp } from "../bus/clock";
import type { Liveness } from "../bus/liveness";
import type { SessionRecord } from "../bus/session";
import type { Store } from "../bus/store";
import { acknowledge, markAlertsDelivered, openAlerts } from "./acknowledge";
import { acquireClaim, releaseClaims } from "./acquire-claim";
import { acquireLocks, releaseLocks } from "./acquire-locks";
import { recordWake, permitWake } from "./agent-wake";
import { cleanUp } from "./cleanup";
import { conflictsOf, liveClaimOn, locksOn } from "./conflicts";
import { type Database, type Work, writeThen } from "./database";
import { endSession } from "./end-session";
import { lifecycle } from "./event";
import { messages, messagesAfter, messageStates, newestId, recentMessages } from "./feed";
import { recordActivity } from "./hook-activity";
import {
  lookIntoInbox,
  markAnnounced,
  markDelivered,
  markRead,
  openInbox,
  releaseInbox,
  unread,
} from "./inbox";
import {
  automaticHeartbeat,
  endAllDead,
  endDead,
  liveSessions,
  nextToSweep,
  refreshHeartbeat,
} from "./liveness";
import { overview } from "./overview";
import { openPurge } from "./purge";
import { registerSession, setTask, welcome } from "./registration";
import { endSessions, exportSession, sessionsToRescue } from "./rescue";
import { endLeases, overdue } from "./retention";
import {
  onlyRecipient,
  publishMessage,
  publishOne,
  sendMessages,
  sendToOne,
  sentMessages,
} from "./send";
import { holdings, liveRecord, sessionRecord, sessionsCalled } from "./session";
import { sessionsByEvidence } from "./session-by-evidence";
import { heldAlready } from "./turn-leases";
import { leaveQueue } from "./wait-queue";

export function openStore(db: Database): Store {
  const query = db.query.bind(db);
  const snapshot = db.snapshot.bind(db);
  const { location, readOnly, remote, sendOne } = db;
  const purgeIfDue = openPurge(db);
  /** Whatever adds rows writes through this, so that what is past its time goes as new comes. */
  const write = async <T>({ now: at }: Liveness, work: Work<T>): Promise<T> => {
    const result = await db.write(work);
    await purgeIfDue(at);
    return result;
  };
  /** Sweeps over other sessions beside one statement that needs no lock of the writers for longer. */
  const withoutLock = async <T>(actor: string, liveness: Liveness, work: () => Promise<T>) => {
    const [result, others] = await Promise.all([work(), query((s) => nextToSweep(s, actor))]);
    await endDead(db, others, liveness);
    await purgeIfDue(liveness.now);
    return result;
  };
  /** Before everything is shown: what is over goes. */
  const settle = async (liveness: Liveness): Promise<void> => {
    await endAllDead(db, liveness);
    await endLeases(db, liveness);
  };
  return {
    location,
    readOnly,
    announces: db.announces,
    facts: () => query((s) => db.facts(s)),
    changeCount: () => db.changeCount(),
    close: () => db.close(),

    registerSession: async (registration, liveness) => {
      const { registered, others } = await writeThen(
        db,
        (s) => registerSession(s, registration, liveness),
        (s, arrival) => welcome(s, arrival, liveness),
      );
      await endDead(db, others, liveness);
      await purgeIfDue(liveness.now);
      return registered;
    },
    endSession: (id, reason, liveness) =>
      write(liveness, async (s) => {
        const record = await liveRecord(s, id);
        return record && { record, released: await endSession(s, record, reason, liveness) };
      }),
    heartbeat: async (id, liveness, kept) => {
      const refresh = kept ? automaticHeartbeat : refreshHeartbeat;
      const touch: Work<[number, SessionRecord | null, SessionRecord[]]> = (s) =>
        Promise.all([refresh(s, id, liveness.now), liveRecord(s, id), nextToSweep(s, id)]);
      // Most of what a thousand sessions write to a server is this: without the lock of the writers, and without the trip
      // that it takes to know whether a purge is due.
      const [, record, others] = await (remote ? query(touch) : write(liveness, touch));
      await endDead(db, others, liveness);
      return record;
    },
    recordActivity: (visit, liveness) => recordActivity(db, visit, liveness),
    setTask: (id, taskId, liveness) => write(liveness, (s) => setTask(s, id, taskId, liveness)),
    session: (id) => query((s) => sessionRecord(s, id)),
    sessionsByEvidence: (clues, machineUuid) =>
      query((s) => sessionsByEvidence(s, clues, machineUuid)),
    sessionsCalled: (called) => query((s) => sessionsCalled(s, called)),
    liveSessions: async (liveness) => {
      await endAllDead(db, liveness);
      return query((s) => liveSessions(s, liveness));
    },
    holdings: (id, at) => snapshot((s) => holdings(s, id, at)),

    sendMessages: (draft, liveness) => {
      const to = onlyRecipient(draft);
      return sendOne && to !== null
        ? withoutLock(draft.sender_id, liveness, () => sendToOne(db, sendOne, to, draft, liveness))
        : write(liveness, (s) => sendMessages(s, draft, liveness));
    },
    sentMessages: (sender, limit, at) => snapshot((s) => sentMessages(s, sender, limit, at)),
    permitWake: (request, liveness) => db.write((s) => permitWake(s, request, liveness.now)),
    recordWake: (evidence, at) => db.write((s) => recordWake(s, evidence, at)),
    openInbox: async (request, liveness) => {
      const looks = readOnly !== null || request.peek;
      if (looks || request.again) {
        const page = await snapshot((s) => lookIntoInbox(s, request, liveness));
        if (looks || page.messages.every(({ status }) => status !== "pending")) return page;
      }
      return write(liveness, (s) => openInbox(s, request, liveness));
    },
    releaseInbox: (mailbox, ids, at) => db.write((s) => releaseInbox(s, mailbox, ids, at)),
    markDelivered: (mailbox, ids, how, at) =>
      db.write((s) => markDelivered(s, mailbox, ids, how, at)),
    markAnnounced: (mailbox, ids, at) => db.write((s) => markAnnounced(s, mailbox, ids, at)),
    markRead: (mailbox, ids, liveness) =>
      write(liveness, (s) => markRead(s, mailbox, ids, liveness)),
    unread: (mailbox, at) => query((s) => unread(s, mailbox, at)),
    publishMessage: (draft, liveness) =>
      sendOne
        ? withoutLock(draft.sender_id, liveness, () => publishOne(sendOne, draft, liveness))
        : write(liveness, (s) => publishMessage(s, draft, liveness)),
    messagesAfter: async (search, at) =>
      (search.following ? db.announced?.(search, timestamp(at)) : null) ??
      query((s) => messagesAfter(s, search, at)),
    recentMessages: (search, at) => query((s) => recentMessages(s, search, at)),
    newestId: () => query(newestId),
    messages: (ids) => query((s) => messages(s, ids)),
    messageStates: (ids) => query((s) => messageStates(s, ids)),

    acquireLocks: async (request, liveness) => {
      const held = request.auto && (await query((s) => heldAlready(s, request, liveness.now)));
      return held || write(liveness, (s) => acquireLocks(s, request, liveness));
    },
    releaseLocks: (id, paths, liveness) =>
      write(liveness, (s) => releaseLocks(s, id, paths, liveness)),
    acquireClaim: (request, liveness) => write(liveness, (s) => acquireClaim(s, request, liveness)),
    releaseClaims: (id, tasks, liveness) =>
      write(liveness, (s) => releaseClaims(s, id, tasks, liveness)),
    leaveQueue: async (ticket) => {
      await db.write((s) => leaveQueue(s, ticket));
    },

    sessionsToRescue: (liveness) => snapshot((s) => sessionsToRescue(s, liveness)),
    endSessions: (ids, reasonFor, liveness) =>
      db.write((s) => endSessions(s, ids, reasonFor, liveness)),
    exportSession: (id) => snapshot((s) => exportSession(s, id)),

    alerts: (limit, at) => query((s) => openAlerts(s, limit, at)),
    conflictsOf: (id, liveness) => snapshot((s) => conflictsOf(s, id, liveness)),
    locksOn: async (paths, liveness) => {
      await settle(liveness);
      return snapshot((s) => locksOn(s, paths, liveness));
    },
    claimOn: async (taskId, liveness) => {
      await settle(liveness);
      return snapshot((s) => liveClaimOn(s, taskId, liveness));
    },
    acknowledge: (ids, by, at) => db.write((s) => acknowledge(s, ids, by, at)),
    markAlertsDelivered: (ids, at) => db.tidy((s) => markAlertsDelivered(s, ids, at)),
    overdue: (liveness) => snapshot((s) => overdue(s, db.upkeep, liveness)),
    cleanUp: (liveness, options) => cleanUp(db, liveness, options),
    overview: async (liveness) => {
      await settle(liveness);
      return snapshot((s) => overview(s, liveness, (each) => db.facts(each)));
    },
    lifecycle: (limit) => query((s) => lifecycle(s, limit)),
  };
}
