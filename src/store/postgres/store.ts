/** The adapter: each operation as one transaction. */
import { type Clock, timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { SessionRecord } from "../../bus/session";
import type { Ended, Store } from "../../bus/store";
import type { Notices } from "../../bus/change-signal";
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
  const alone = async <T>(
    actor: string,
    liveness: Liveness,
    work: () => Promise<T>,
  ): Promise<T> => {
    const [result, others] = await Promise.all([work(), look((c) => inRotation(c, actor))]);
    await lookAfter(connection, others, liveness);
    await purgeIfDue(liveness.now);
    return result;
  };
  /** Before somebody looks at everything: what is over goes. */
  const settle = async (liveness: Liveness): Promise<void> => {
    await endDead(connection, readOnly, liveness);
    await endLeases(connection, readOnly, liveness);
  };
  const location = connection.location.text;
  return {
    location,
    readOnly: readOnly ? "the server only lets it be read" : null,
    announces: true,
    facts: () => look((c) => facts(c, location)),
    changeCount,
    close: () => connection.close(),

    registerSession: async (registration, liveness) => {
      const arrival = await connection.write((c) => registerSession(c, registration, liveness));
      const { session_id } = arrival.record;
      return alone(session_id, liveness, () => look((c) => welcome(c, arrival, liveness)));
    },
    endSession: (id, reason, liveness) =>
      write(liveness.now, async (c): Promise<Ended | null> => {
        const record = await liveRecord(c, id);
        return record && { record, released: await endSession(c, record, reason, liveness) };
      }),
    heartbeat: (id, liveness, kept) =>
      beat(connection, id, liveness, kept ? keep : refreshHeartbeat),
    recordActivity: (visit, liveness) => attend(connection, readOnly, visit, liveness),
    setTask: (id, taskId, liveness) => write(liveness.now, (c) => setTask(c, id, taskId, liveness)),
    session: (id) => look((c) => sessionRecord(c, id)),
    sessionsByEvidence: (clues, machineUuid) => look((c) => sessionsByClues(c, clues, machineUuid)),
    sessionsCalled: (called) => look((c) => sessionsCalled(c, called)),
    liveSessions: async (liveness) => {
      await endDead(connection, readOnly, liveness);
      return look((c) => liveSessions(c, liveness));
    },
    holdings: (id, at) => read((c) => holdings(c, id, at)),

    sendMessages: async (draft, liveness) => {
      const to = onlyRecipient(draft);
      if (to === null)
        return write(liveness.now, (c) => sendMessages(c, connection.channel, draft, liveness));
      return alone(draft.sender_id, liveness, () => sendAlone(connection, to, draft, liveness));
    },
    sentMessages: (sender, limit, at) => read((c) => sentMessages(c, sender, limit, at)),
    permitWake: (request, liveness) =>
      connection.write((c) => reserveWake(c, request, liveness.now)),
    recordWake: (evidence, at) => connection.write((c) => noteWake(c, evidence, at)),
    openInbox: async (request, liveness) => {
      if (readOnly || request.peek || request.again) {
        const page = await read((c) => lookIntoInbox(c, request, liveness));
        const pending = page.messages.some((message) => message.status === "pending");
        if (readOnly || request.peek || !pending) return page;
      }
      return write(liveness.now, (c) => openInbox(c, request, liveness));
    },
    releaseInbox: (mailbox, ids, at) => connection.write((c) => releaseInbox(c, mailbox, ids, at)),
    markDelivered: (mailbox, ids, how, at) =>
      connection.write((c) => markDelivered(c, mailbox, ids, how, at)),
    markAnnounced: (mailbox, ids, at) =>
      connection.write((c) => markAnnounced(c, mailbox, ids, at)),
    markRead: (mailbox, ids, liveness) =>
      write(liveness.now, (c) => markRead(c, mailbox, ids, liveness)),
    unread: (mailbox, at) => look((c) => unread(c, mailbox, at)),
    publishMessage: (draft, liveness) =>
      alone(draft.sender_id, liveness, () => publishMessage(connection, draft, liveness)),
    messagesAfter: async (query, at) =>
      (query.following ? heard.after(query, timestamp(at)) : null) ??
      look((c) => messagesAfter(c, query, at)),
    recentMessages: (query, at) => look((c) => recentMessages(c, query, at)),
    newestId: () => look(newestId),
    messages: (ids) => look((c) => messages(c, ids)),
    messageStates: (ids) => look((c) => messageStates(c, ids)),

    acquireLocks: async (request, liveness) => {
      const held = request.auto && (await look((c) => heldAlready(c, request, liveness.now)));
      return held || write(liveness.now, (c) => acquireLocks(c, request, liveness));
    },
    releaseLocks: (id, paths, liveness) =>
      write(liveness.now, (c) => releaseLocks(c, id, paths, liveness)),
    acquireClaim: (request, liveness) =>
      write(liveness.now, (c) => acquireClaim(c, request, liveness)),
    releaseClaims: (id, tasks, liveness) =>
      write(liveness.now, (c) => releaseClaims(c, id, tasks, liveness)),
    leaveQueue: async (ticket) => {
      await connection.write((c) => leaveQueue(c, ticket));
    },

    sessionsToRescue: (liveness) => read((c) => sessionsToRescue(c, liveness)),
    endSessions: (ids, reasonFor, liveness) =>
      connection.write((c) => endSessions(c, ids, reasonFor, liveness)),
    exportSession: (id) => read((c) => exportSession(c, id)),

    alerts: (limit, at) => look((c) => openAlerts(c, limit, at)),
    conflictsOf: (id, liveness) => read((c) => conflictsOf(c, id, liveness)),
    locksOn: async (paths, liveness) => {
      await settle(liveness);
      return read((c) => locksOn(c, paths, liveness));
    },
    claimOn: async (taskId, liveness) => {
      await settle(liveness);
      return read((c) => liveClaimOn(c, taskId, liveness));
    },
    acknowledge: (ids, by, at) => connection.write((c) => acknowledge(c, ids, by, at)),
    markAlertsDelivered: async (ids, at) => {
      await connection.write((c) => markAlertsDelivered(c, ids, at));
    },
    overdue: (liveness) => read((c) => overdue(c, liveness)),
    cleanUp: (liveness, options) => cleanUp(connection, liveness, options),
    overview: async (liveness) => {
      await settle(liveness);
      return read((c) => overview(c, liveness, location));
    },
    lifecycle: (limit) => look((c) => lifecycle(c, limit)),
  };
}

/** Without the lock of the writers, unless somebody has died: most of what a thousand sessions write is this. */
async function beat(
  connection: Connection,
  id: string,
  liveness: Liveness,
  refresh: typeof refreshHeartbeat,
): ReturnType<Store["heartbeat"]> {
  const [, record, others] = await connection.look((c) =>
    Promise.all([refresh(c, id, liveness.now), liveRecord(c, id), inRotation(c, id)]),
  );
  await lookAfter(connection, others, liveness);
  return record;
}

/** Ends the dead among them. Writes only where there is one. */
async function lookAfter(
  connection: Connection,
  others: readonly SessionRecord[],
  liveness: Liveness,
): Promise<void> {
  if (others.every((other) => liveness.judge(other).ended === null)) return;
  await connection.write((c) => alive(c, others, liveness));
}
