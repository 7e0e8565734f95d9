import { type Clock, timestamp } from "../../bus/clock";
import type { Moment } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import type { Ended, Store } from "../../bus/store";
import type { Notices } from "../../bus/wake";
import { acknowledge, markAlertsDelivered, openAlerts } from "./alert";
import { attend } from "./attendance";
import { acquireClaim, releaseClaims } from "./claim";
import { cleanUp } from "./cleanup";
import { createServerClock } from "./clock";
import { conflictsOf } from "./conflict";
import type { Connection } from "./connection";
import type { Queries } from "./queries";
import { endSession } from "./ending";
import { messages, messagesAfter, messageStates, newestId, recentMessages } from "./feed";
import { liveClaimOn, locksOn } from "./holder";
import {
  lookIntoInbox,
  markAnnounced,
  markDelivered,
  markRead,
  openInbox,
  releaseInbox,
  unread,
} from "./inbox";
import { releaseLocks } from "./lock";
import { onlyRecipient, publishMessage, sendAlone, sendMessages, sentMessages } from "./message";
import { Heard, noticeFor } from "./notice";
import { type Opened, openConnection, type PostgresOptions } from "./open";
import { facts, lifecycle, overview } from "./overview";
import { endLeases, overdue } from "./overdue";
import { openPurge } from "./purge";
import { registerSession, welcome } from "./registration";
import { endSessions, exportSession, sessionsToRescue } from "./rescue";
import { noteWake, reserveWake } from "./rouse";
import {
  alive,
  endDead,
  holdings,
  inRotation,
  keep,
  liveRecord,
  liveSessions,
  refreshHeartbeat,
  sessionRecord,
  sessionsByClues,
  sessionsCalled,
} from "./session";
import { acquireLocks } from "./taking";
import { setTask } from "./task";
import { heldAlready } from "./turn";
import { leaveQueue } from "./waiter";

export interface PostgresBus {
  store: Store;
  /** The server's. */
  clock: Clock;
  /** What is announced to every process of this bus. */
  notices: Notices;
}

/**
 * Opens the bus in a schema of a PostgreSQL database; throws `busy` (unreachable), `not_permitted` (login, rights,
 * standby), `not_found` or `invalid`.
 */
export async function openPostgresStore(
  url: string,
  options: PostgresOptions,
): Promise<PostgresBus> {
  const opened = await openConnection(url, options);
  const { connection } = opened;
  const clock = createServerClock(opened.ahead);
  const heard = new Heard();
  return {
    store: storeOn(opened, heard, () => connection.look((c) => clock.look(c))),
    clock: { now: clock.now },
    notices: {
      send: (audience) => connection.notify(noticeFor(audience)),
      listen: (onNotice, onConnect) =>
        connection.listen(
          (notice) => onNotice(heard.take(notice)),
          () => {
            heard.forget();
            onConnect();
          },
        ),
    },
  };
}

function storeOn(
  { connection, readOnly }: Opened,
  heard: Heard,
  changeCount: () => Promise<number>,
): Store {
  const look = connection.look.bind(connection);
  const read = connection.read.bind(connection);
  const purgeIfDue = openPurge(connection);
  /** Whatever adds rows writes through this, so that what is past its time goes as new comes. */
  const write = async <T>(at: number, work: (c: Queries) => Promise<T>): Promise<T> => {
    const result = await connection.write(work);
    await purgeIfDue(at);
    return result;
  };
  /** Looking after other sessions by itself, outside of the writer's turn. */
  const alone = async <T>(actor: string, moment: Moment, work: () => Promise<T>): Promise<T> => {
    const [result, others] = await Promise.all([work(), look((c) => inRotation(c, actor))]);
    await lookAfter(connection, others, moment);
    await purgeIfDue(moment.at);
    return result;
  };
  /** Before somebody looks at everything: what is over goes. */
  const settle = async (moment: Moment): Promise<void> => {
    await endDead(connection, readOnly, moment);
    await endLeases(connection, readOnly, moment);
  };
  const location = connection.location.text;
  return {
    location,
    readOnly: readOnly ? "the server only lets it be read" : null,
    announces: true,
    facts: () => look((c) => facts(c, location)),
    changeCount,
    close: () => connection.close(),

    registerSession: async (registration, moment) => {
      const arrival = await connection.write((c) => registerSession(c, registration, moment));
      const { session_id } = arrival.record;
      return alone(session_id, moment, () => look((c) => welcome(c, arrival, moment)));
    },
    endSession: (id, reason, moment) =>
      write(moment.at, async (c): Promise<Ended | null> => {
        const record = await liveRecord(c, id);
        return record && { record, released: await endSession(c, record, reason, moment) };
      }),
    beat: (id, moment, kept) => beat(connection, id, moment, kept ? keep : refreshHeartbeat),
    attend: (visit, moment) => attend(connection, readOnly, visit, moment),
    setTask: (id, taskId, moment) => write(moment.at, (c) => setTask(c, id, taskId, moment)),
    session: (id) => look((c) => sessionRecord(c, id)),
    sessionsByClues: (clues, machineUuid) => look((c) => sessionsByClues(c, clues, machineUuid)),
    sessionsCalled: (called) => look((c) => sessionsCalled(c, called)),
    liveSessions: async (moment) => {
      await endDead(connection, readOnly, moment);
      return look((c) => liveSessions(c, moment));
    },
    holdings: (id, at) => read((c) => holdings(c, id, at)),

    sendMessages: async (draft, moment) => {
      const to = onlyRecipient(draft);
      if (to === null)
        return write(moment.at, (c) => sendMessages(c, connection.channel, draft, moment));
      return alone(draft.sender_id, moment, () => sendAlone(connection, to, draft, moment));
    },
    sentMessages: (sender, limit, at) => read((c) => sentMessages(c, sender, limit, at)),
    reserveWake: (request, moment) => connection.write((c) => reserveWake(c, request, moment.at)),
    noteWake: (evidence, at) => connection.write((c) => noteWake(c, evidence, at)),
    openInbox: async (request, moment) => {
      if (readOnly || request.peek || request.again) {
        const page = await read((c) => lookIntoInbox(c, request, moment));
        const pending = page.messages.some((message) => message.status === "pending");
        if (readOnly || request.peek || !pending) return page;
      }
      return write(moment.at, (c) => openInbox(c, request, moment));
    },
    releaseInbox: (mailbox, ids, at) => connection.write((c) => releaseInbox(c, mailbox, ids, at)),
    markDelivered: (mailbox, ids, how, at) =>
      connection.write((c) => markDelivered(c, mailbox, ids, how, at)),
    markAnnounced: (mailbox, ids, at) =>
      connection.write((c) => markAnnounced(c, mailbox, ids, at)),
    markRead: (mailbox, ids, moment) => write(moment.at, (c) => markRead(c, mailbox, ids, moment)),
    unread: (mailbox, at) => look((c) => unread(c, mailbox, at)),
    publishMessage: (draft, moment) =>
      alone(draft.sender_id, moment, () => publishMessage(connection, draft, moment)),
    messagesAfter: async (query, at) =>
      (query.following ? heard.after(query, timestamp(at)) : null) ??
      look((c) => messagesAfter(c, query, at)),
    recentMessages: (query, at) => look((c) => recentMessages(c, query, at)),
    newestId: () => look(newestId),
    messages: (ids) => look((c) => messages(c, ids)),
    messageStates: (ids) => look((c) => messageStates(c, ids)),

    acquireLocks: async (request, moment) => {
      const held = request.auto && (await look((c) => heldAlready(c, request, moment.at)));
      return held || write(moment.at, (c) => acquireLocks(c, request, moment));
    },
    releaseLocks: (id, paths, moment) =>
      write(moment.at, (c) => releaseLocks(c, id, paths, moment)),
    acquireClaim: (request, moment) => write(moment.at, (c) => acquireClaim(c, request, moment)),
    releaseClaims: (id, tasks, moment) =>
      write(moment.at, (c) => releaseClaims(c, id, tasks, moment)),
    leaveQueue: async (ticket) => {
      await connection.write((c) => leaveQueue(c, ticket));
    },

    sessionsToRescue: (moment) => read((c) => sessionsToRescue(c, moment)),
    endSessions: (ids, reasonFor, moment) =>
      connection.write((c) => endSessions(c, ids, reasonFor, moment)),
    exportSession: (id) => read((c) => exportSession(c, id)),

    alerts: (limit, at) => look((c) => openAlerts(c, limit, at)),
    conflictsOf: (id, moment) => read((c) => conflictsOf(c, id, moment)),
    locksOn: async (paths, moment) => {
      await settle(moment);
      return read((c) => locksOn(c, paths, moment));
    },
    claimOn: async (taskId, moment) => {
      await settle(moment);
      return read((c) => liveClaimOn(c, taskId, moment));
    },
    acknowledge: (ids, by, at) => connection.write((c) => acknowledge(c, ids, by, at)),
    markAlertsDelivered: async (ids, at) => {
      await connection.write((c) => markAlertsDelivered(c, ids, at));
    },
    overdue: (moment) => read((c) => overdue(c, moment)),
    cleanUp: (moment, options) => cleanUp(connection, moment, options),
    overview: async (moment) => {
      await settle(moment);
      return read((c) => overview(c, moment, location));
    },
    lifecycle: (limit) => look((c) => lifecycle(c, limit)),
  };
}

/** Without the lock of the writers, unless somebody has died: most of what a thousand sessions write is this. */
async function beat(
  connection: Connection,
  id: string,
  moment: Moment,
  refresh: typeof refreshHeartbeat,
): ReturnType<Store["beat"]> {
  const [, record, others] = await connection.look((c) =>
    Promise.all([refresh(c, id, moment.at), liveRecord(c, id), inRotation(c, id)]),
  );
  await lookAfter(connection, others, moment);
  return record;
}

/** Ends the dead among them. Writes only where there is one. */
async function lookAfter(
  connection: Connection,
  others: readonly SessionRecord[],
  moment: Moment,
): Promise<void> {
  if (others.every((other) => moment.judge(other).ended === null)) return;
  await connection.write((c) => alive(c, others, moment));
}
