/** Port: the memory, as whole operations. */
import type { Alert, Conflict } from "./alert";
import type { Removed } from "./cleanup";
import type { HookActivity, ActivityResult } from "./hook-activity";
import type { Claim, ClaimRequest } from "./claim";
import type { Registration } from "./registration-target";
import type { CallerEvidence } from "./identity";
import type { Liveness } from "./liveness";
import type { Attempt, AcquiredLocks, Lock, LockRequest } from "./lock";
import type { Message, MessageStatus, SentResult } from "./message";
import type { WakeResult, WakePermit, WakeRequest } from "./agent-wake";
import type { Holdings, Released, SessionRecord, Unread } from "./session";
import type { Settings } from "./settings";
import type { DatabaseFacts, LifecycleEvent, Stats } from "./status";

/**
 * Port: the bus's memory. Whole operations, each atomic; asynchronous, because not every database answers at once.
 * Every operation throws `busy` past its deadline, `not_permitted` where the medium refuses (read-only, full), and
 * `internal` on a corrupt database.
 *
 * Operations that take a session as their actor refresh its heartbeat and judge 16 other sessions in rotation, ending
 * those that are dead: that is how dead sessions are noticed without a daemon. A process that goes on judges at most every
 * five seconds.
 */
export interface Store {
  /** Path or URL, without secrets. */
  readonly location: string;
  /** Why nothing can be written, in a few words; null where it can. Then operations that only mark become no-ops. */
  readonly readOnly: string | null;
  facts(): Promise<DatabaseFacts>;
  /** Changes whenever another connection has committed since the last call, or this one has sent or published. */
  changeCount(): Promise<number>;
  /** Whether what is sent and published is told with its commit to whom it concerns: then nobody has to ring. */
  readonly announces: boolean;
  close(): Promise<void>;

  // Sessions
  /** Registers or re-registers; broadcasts the lifecycle event, hands over mail, detects conflicts. Throws `conflict` for a taken name. */
  registerSession(registration: Registration, liveness: Liveness): Promise<Registered>;
  /** Ends a live session once: frees what it holds, broadcasts `ended`. Null where it was not live. */
  endSession(sessionId: string, reason: string, liveness: Liveness): Promise<Ended | null>;
  /** Refreshes the heartbeat of a live session; null where there is none of that id. `kept`: it may be idle all the same. */
  heartbeat(sessionId: string, liveness: Liveness, kept?: boolean): Promise<SessionRecord | null>;
  /**
   * What an event of an agent means for its session, at once: heartbeat, activity, edited files, the end of a turn, which
   * frees its automatic leases. Writes nothing where nothing has changed. Null where no live session has this conversation
   * and one of these processes: it is to be registered.
   */
  recordActivity(visit: HookActivity, liveness: Liveness): Promise<ActivityResult | null>;
  /** Sets or clears the current task and detects conflicts. */
  setTask(sessionId: string, taskId: string | null, liveness: Liveness): Promise<TaskChange>;
  session(sessionId: string): Promise<SessionRecord | null>;
  /** Live sessions that the clues point to, by the order of strength of `Clues`; several where they do not decide. */
  sessionsByEvidence(clues: CallerEvidence, machineUuid: string): Promise<SessionRecord[]>;
  /** Live sessions of that id or name. */
  sessionsCalled(idOrName: string): Promise<SessionRecord[]>;
  /** All sessions that have not ended, oldest first; ends the dead among them. */
  liveSessions(liveness: Liveness): Promise<SessionRecord[]>;
  holdings(sessionId: string, at: number): Promise<Holdings>;

  // Messages
  /** Writes one message a recipient; may begin a loop (`bus/loop.ts`). Throws `not_found` where `reply_to` names none. */
  sendMessages(draft: MessageDraft, liveness: Liveness): Promise<Message[]>;
  /** Directed messages of a sender, newest first, with totals of all unexpired ones. */
  sentMessages(senderId: string, limit: number, at: number): Promise<SentMessages>;
  /** Whether a doorbell may be rung at a session now (`WakeLeave`); `go` takes the turn. Null where it is not live. */
  permitWake(request: WakeRequest, liveness: Liveness): Promise<WakePermit | null>;
  /** Keeps with the delivery what the vendor answered; after a failure the next doorbell may ring at once. */
  recordWake(
    evidence: WakeResult & { message_id: number; session_id: string },
    at: number,
  ): Promise<void>;
  /** Unread messages for a mailbox, pending first, then by priority, then oldest first; reserves the pending ones. */
  openInbox(request: InboxRequest, liveness: Liveness): Promise<InboxPage>;
  /** Gives back what was reserved at that time and could not be shown. */
  releaseInbox(mailbox: string, ids: readonly number[], reservedAt: number): Promise<void>;
  /** Marks messages as shown to `mailbox`; one way. Returns the ids that changed. `how` beginning with `hook` counts for `hooked_at`. */
  markDelivered(
    mailbox: string,
    ids: readonly number[],
    how: string,
    at: number,
  ): Promise<number[]>;
  /** Says that messages were announced to `mailbox`, once: they stay pending, and are free for its next reader. */
  markAnnounced(mailbox: string, ids: readonly number[], at: number): Promise<void>;
  /** Marks messages read by `mailbox` (all unread ones where `ids` is null); throws `not_found` for an id not addressed to it. */
  markRead(mailbox: string, ids: readonly number[] | null, liveness: Liveness): Promise<number[]>;
  unread(mailbox: string, at: number): Promise<Unread>;
  /** Writes one undirected message. */
  publishMessage(draft: PublishDraft, liveness: Liveness): Promise<Message>;
  /** Unexpired messages in the order of their ids. */
  messagesAfter(query: MessageQuery, at: number): Promise<Message[]>;
  /** The newest of them, oldest first. */
  recentMessages(query: Omit<MessageQuery, "since">, at: number): Promise<Message[]>;
  /** Id of the newest message there ever was; 0 where there was none. */
  newestId(): Promise<number>;
  /** These messages, in the order of their ids. */
  messages(ids: readonly number[]): Promise<Message[]>;
  /** Where these messages stand, and the first reply to one of them. */
  messageStates(ids: readonly number[]): Promise<MessageState[]>;

  // Locks and claims
  /** Takes all locks or none. Throws `not_registered` where the session has ended. */
  acquireLocks(request: LockRequest, liveness: Liveness): Promise<Attempt<AcquiredLocks>>;
  /** Releases own locks, all of them where `paths` is null. Throws `conflict` for another's. */
  releaseLocks(
    sessionId: string,
    paths: readonly string[] | null,
    liveness: Liveness,
  ): Promise<Freed<Lock>>;
  acquireClaim(request: ClaimRequest, liveness: Liveness): Promise<Attempt<Claim>>;
  /** Releases own claims, all of them where `tasks` is null. Throws `conflict` for another's. */
  releaseClaims(
    sessionId: string,
    tasks: readonly string[] | null,
    liveness: Liveness,
  ): Promise<Freed<Claim>>;
  /** Gives up a place in the queue. */
  leaveQueue(ticket: number): Promise<void>;

  // Rescue
  /** Sessions as they stand, the dead not yet ended, then those that died within the last 24 hours. */
  sessionsToRescue(liveness: Liveness): Promise<HeldBy[]>;
  /** Ends, all at once, those of these live sessions for whose row as it is then `reasonFor` gives a reason. */
  endSessions(
    sessionIds: readonly string[],
    reasonFor: (record: SessionRecord) => string | null,
    liveness: Liveness,
  ): Promise<Ended[]>;
  /** What a session holds and all its mail that is still kept; nothing of it is marked. */
  exportSession(sessionId: string): Promise<SessionExport>;

  // Alerts
  /** Unread alerts, highest priority first. */
  alerts(limit: number, at: number): Promise<Alert[]>;
  /** The live sessions that share project, task or directory with this one, now. */
  conflictsOf(sessionId: string, liveness: Liveness): Promise<Conflict[]>;
  /** Locks of live sessions on these paths, above or below them; on anything where `paths` is null. */
  locksOn(paths: readonly string[] | null, liveness: Liveness): Promise<Lock[]>;
  /** Who holds a task's claim. Null where nobody does. */
  claimOn(taskId: string, liveness: Liveness): Promise<Claim | null>;
  /** Makes alerts read for everybody, those that still are unread. Returns them as they are then. */
  acknowledge(ids: readonly number[], by: string, at: number): Promise<Alert[]>;
  /** Marks alerts as shown to the operator, unless others keep the database busy. */
  markAlertsDelivered(ids: readonly number[], at: number): Promise<void>;

  // Upkeep
  /** What `cleanUp` would remove now. */
  overdue(liveness: Liveness): Promise<Removed>;
  /**
   * Ends dead sessions, removes what is past its time, and gives the space back. In steps, so that nobody waits for it
   * longer than about 50 ms; `vacuum` rewrites the database as a whole instead, and all other writers wait.
   */
  cleanUp(liveness: Liveness, options: { vacuum: boolean }): Promise<CleanedUp>;
  /** One consistent picture of the bus; ends the dead sessions first. */
  overview(liveness: Liveness): Promise<Overview>;
  lifecycle(limit: number): Promise<LifecycleEvent[]>;
}

export interface CleanedUp {
  removed: Removed;
  /** Sessions that have not ended. */
  live: string[];
  /** Sessions that wait for a lock or claim, where one was freed. */
  touched: string[];
  /** False where the database keeps the space until it is rewritten as a whole. */
  shrinks: boolean;
  /** Milliseconds for which all other writers were kept out; null where it was not rewritten. */
  blocked: number | null;
}

interface Freed<Held> {
  released: Held[];
  /** Sessions that wait for something of this kind. */
  touched: string[];
}

export interface Registered {
  record: SessionRecord;
  created: boolean;
  event: "started" | "resumed" | null;
  conflicts: Conflict[];
  /** How many other sessions were looked at. */
  other_sessions: number;
  holdings: Holdings;
  unread: Unread;
  /** Everyone whose mailbox or alerts changed. */
  touched: string[];
}

export interface Ended {
  record: SessionRecord;
  released: Released;
}

export interface HeldBy {
  record: SessionRecord;
  holdings: Holdings;
}

export interface SessionExport {
  locks: Lock[];
  claims: Claim[];
  /** Directed messages, oldest first; the unread ones are among the received. */
  messages: { sent: Message[]; received: Message[]; unread: Message[] };
}

export interface TaskChange {
  record: SessionRecord;
  conflicts: Conflict[];
  holdings: Holdings;
  touched: string[];
}

/** To whom: mailboxes by id, or all live sessions but the sender, of one project where that is given. */
type Recipients = { ids: string[] } | { all: true; project_id: string | null };

export interface MessageDraft {
  sender_id: string;
  /** Null for the operator. */
  sender_session_uuid: string | null;
  recipients: Recipients;
  channel: string;
  payload: Record<string, unknown>;
  message_type: "directed" | "broadcast";
  priority: number;
  project_id: string | null;
  task_id: string | null;
  reply_to: number | null;
}

export interface PublishDraft extends Omit<
  MessageDraft,
  "recipients" | "message_type" | "reply_to"
> {
  message_type: string;
  /** Milliseconds to live; null: as long as its channel says. */
  ttl: number | null;
}

export interface MessageQuery {
  /** Only messages with a greater id. */
  since: number;
  limit: number;
  /** Only these channels; null: all. */
  channels: readonly string[] | null;
  /** Directed ones: `all`, none (null), or only those to this mailbox. */
  directed: { to: string } | "all" | null;
  /** Whoever looks again at every wake may be given no more than what it was woken by. */
  following?: boolean;
}

export interface MessageState {
  id: number;
  status: MessageStatus;
  /** Id of the first reply; null where there is none. */
  reply: number | null;
}

export type SentMessages = SentResult;

export interface InboxRequest {
  mailbox: string;
  channel: string | null;
  limit: number;
  /** Only look: reserve nothing. */
  peek: boolean;
  /** A repeated look is no sign of life: nothing is written where there is nothing to reserve. */
  again?: boolean;
  /** Only pending messages of others, of at least this priority, that have not been announced. */
  fresh_from?: number;
  /** With `fresh_from`: none of sessions with which it is in a loop. */
  unlooped?: boolean;
}

export interface InboxPage {
  messages: Message[];
  /** Unread messages beyond these. */
  remaining: number;
}

export interface Overview {
  sessions: HeldBy[];
  alerts: Alert[];
  lifecycle: LifecycleEvent[];
  /** `started` and `resumed` events of live sessions on the UTC day of the moment. */
  started_today: number;
  locks: Lock[];
  claims: Claim[];
  stats: Stats;
}

/** What an adapter is made with, besides its location. */
export interface StoreOptions {
  settings: Settings;
  /** `create`: make a missing database. `read`: reading suffices, also from a read-only medium. */
  mode: "create" | "write" | "read";
  /** Milliseconds since the process began (`performance.now()`) after which nothing waits for a busy database any more. */
  giveUpAt?: number;
}
