/** The bus's port to its memory, for any database. */
import { timestamp } from "../bus/clock";
import type { Moment } from "../bus/liveness";
import type { Store } from "../bus/store";
import { acknowledge, markAlertsDelivered, openAlerts } from "./acknowledge";
import { acquireClaim, releaseClaims } from "./acquire-claim";
import { acquireLocks, releaseLocks } from "./acquire-locks";
import { noteWake, reserveWake } from "./agent-wake";
import { cleanUp } from "./cleanup";
import { conflictsOf } from "./conflicts";
import { liveClaimOn, locksOn } from "./current-holders";
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
import { sessionsByClues } from "./session-by-evidence";
import { heldAlready } from "./turn-leases";
import { leaveQueue } from "./wait-queue";

export function openStore(db: Database): Store {
  const query = db.query.bind(db);
  const snapshot = db.snapshot.bind(db);
  const { location, readOnly, remote, sendOne } = db;
  const purgeIfDue = openPurge(db);
  /** Whatever adds rows writes through this, so that what is past its time goes as new comes. */
  const write = async <T>({ at }: Moment, work: Work<T>): Promise<T> => {
    const result = await db.write(work);
    await purgeIfDue(at);
    return result;
  };
  /** Sweeps over other sessions beside one statement that needs no lock of the writers for longer. */
  const withoutLock = async <T>(actor: string, moment: Moment, work: () => Promise<T>) => {
    const [result, others] = await Promise.all([work(), query((s) => nextToSweep(s, actor))]);
    await endDead(db, others, moment);
    await purgeIfDue(moment.at);
    return result;
  };
  /** Before everything is shown: what is over goes. */
  const settle = async (moment: Moment): Promise<void> => {
    await endAllDead(db, moment);
    await endLeases(db, moment);
  };
  return {
    location,
    readOnly,
    announces: db.announces,
    facts: () => query((s) => db.facts(s)),
    changeCount: () => db.changeCount(),
    close: () => db.close(),

    registerSession: async (registration, moment) => {
      const { registered, others } = await writeThen(
        db,
        (s) => registerSession(s, registration, moment),
        (s, arrival) => welcome(s, arrival, moment),
      );
      await endDead(db, others, moment);
      await purgeIfDue(moment.at);
      return registered;
    },
    endSession: (id, reason, moment) =>
      write(moment, async (s) => {
        const record = await liveRecord(s, id);
        return record && { record, released: await endSession(s, record, reason, moment) };
      }),
    beat: async (id, moment, kept) => {
      const refresh = kept ? automaticHeartbeat : refreshHeartbeat;
      // Without the lock of the writers: most of what a thousand sessions write is this.
      const [, record, others] = await query((s) =>
        Promise.all([refresh(s, id, moment.at), liveRecord(s, id), nextToSweep(s, id)]),
      );
      await endDead(db, others, moment);
      // On a server it would be one more trip for each of them.
      if (!remote) await purgeIfDue(moment.at);
      return record;
    },
    attend: (visit, moment) => recordActivity(db, visit, moment),
    setTask: (id, taskId, moment) => write(moment, (s) => setTask(s, id, taskId, moment)),
    session: (id) => query((s) => sessionRecord(s, id)),
    sessionsByClues: (clues, machineUuid) => query((s) => sessionsByClues(s, clues, machineUuid)),
    sessionsCalled: (called) => query((s) => sessionsCalled(s, called)),
    liveSessions: async (moment) => {
      await endAllDead(db, moment);
      return query((s) => liveSessions(s, moment));
    },
    holdings: (id, at) => snapshot((s) => holdings(s, id, at)),

    sendMessages: (draft, moment) => {
      const to = onlyRecipient(draft);
      return sendOne && to !== null
        ? withoutLock(draft.sender_id, moment, () => sendToOne(db, sendOne, to, draft, moment))
        : write(moment, (s) => sendMessages(s, draft, moment));
    },
    sentMessages: (sender, limit, at) => snapshot((s) => sentMessages(s, sender, limit, at)),
    reserveWake: (request, moment) => db.write((s) => reserveWake(s, request, moment.at)),
    noteWake: (evidence, at) => db.write((s) => noteWake(s, evidence, at)),
    openInbox: async (request, moment) => {
      const looks = readOnly !== null || request.peek;
      if (looks || request.again) {
        const page = await snapshot((s) => lookIntoInbox(s, request, moment));
        if (looks || page.messages.every(({ status }) => status !== "pending")) return page;
      }
      return write(moment, (s) => openInbox(s, request, moment));
    },
    releaseInbox: (mailbox, ids, at) => db.write((s) => releaseInbox(s, mailbox, ids, at)),
    markDelivered: (mailbox, ids, how, at) =>
      db.write((s) => markDelivered(s, mailbox, ids, how, at)),
    markAnnounced: (mailbox, ids, at) => db.write((s) => markAnnounced(s, mailbox, ids, at)),
    markRead: (mailbox, ids, moment) => write(moment, (s) => markRead(s, mailbox, ids, moment)),
    unread: (mailbox, at) => query((s) => unread(s, mailbox, at)),
    publishMessage: (draft, moment) =>
      sendOne
        ? withoutLock(draft.sender_id, moment, () => publishOne(sendOne, draft, moment))
        : write(moment, (s) => publishMessage(s, draft, moment)),
    messagesAfter: async (search, at) =>
      (search.following ? db.announced?.(search, timestamp(at)) : null) ??
      query((s) => messagesAfter(s, search, at)),
    recentMessages: (search, at) => query((s) => recentMessages(s, search, at)),
    newestId: () => query(newestId),
    messages: (ids) => query((s) => messages(s, ids)),
    messageStates: (ids) => query((s) => messageStates(s, ids)),

    acquireLocks: async (request, moment) => {
      const held = request.auto && (await query((s) => heldAlready(s, request, moment.at)));
      return held || write(moment, (s) => acquireLocks(s, request, moment));
    },
    releaseLocks: (id, paths, moment) => write(moment, (s) => releaseLocks(s, id, paths, moment)),
    acquireClaim: (request, moment) => write(moment, (s) => acquireClaim(s, request, moment)),
    releaseClaims: (id, tasks, moment) => write(moment, (s) => releaseClaims(s, id, tasks, moment)),
    leaveQueue: async (ticket) => {
      await db.write((s) => leaveQueue(s, ticket));
    },

    sessionsToRescue: (moment) => snapshot((s) => sessionsToRescue(s, moment)),
    endSessions: (ids, reasonFor, moment) =>
      db.write((s) => endSessions(s, ids, reasonFor, moment)),
    exportSession: (id) => snapshot((s) => exportSession(s, id)),

    alerts: (limit, at) => query((s) => openAlerts(s, limit, at)),
    conflictsOf: (id, moment) => snapshot((s) => conflictsOf(s, id, moment)),
    locksOn: async (paths, moment) => {
      await settle(moment);
      return snapshot((s) => locksOn(s, paths, moment));
    },
    claimOn: async (taskId, moment) => {
      await settle(moment);
      return snapshot((s) => liveClaimOn(s, taskId, moment));
    },
    acknowledge: (ids, by, at) => db.write((s) => acknowledge(s, ids, by, at)),
    markAlertsDelivered: (ids, at) => db.tidy((s) => markAlertsDelivered(s, ids, at)),
    overdue: (moment) => snapshot((s) => overdue(s, db.upkeep, moment)),
    cleanUp: (moment, options) => cleanUp(db, moment, options),
    overview: async (moment) => {
      await settle(moment);
      return snapshot((s) => overview(s, moment, (each) => db.facts(each)));
    },
    lifecycle: (limit) => query((s) => lifecycle(s, limit)),
  };
}
