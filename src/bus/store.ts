/** The port of the store: every operation of the bus's database, each atomic. */
import type { Alert, Conflict } from "./alert";
import type { CleanedUp, Removed } from "./cleanup";
import type { HookActivity, ActivityResult } from "./hook-activity";
import type { Claim, ClaimRequest } from "./claim";
import type { Registration } from "./registration-target";
import type { CallerEvidence } from "./identity";
import type { Liveness } from "./liveness";
import type { Attempt, AcquiredLocks, Lock, LockRequest } from "./lock";
import type {
  InboxRequest,
  InboxResult,
  Message,
  MessageDraft,
  MessageQuery,
  MessageState,
  PublishDraft,
  SentResult,
} from "./message";
import type { WakeResult, WakePermit, WakeRequest } from "./agent-wake";
import type {
  Ended,
  Freed,
  HeldBy,
  Holdings,
  Registered,
  SessionExport,
  SessionRecord,
  TaskChange,
  Unread,
} from "./session";
import type { DatabaseFacts, LifecycleEvent, Overview } from "./status";

/**
 * Port: the bus's database, by whole operations, each atomic; asynchronous, because a server does not answer at once.
 * Every operation throws `busy` past its deadline, `not_permitted` where the medium refuses (read-only, full), and
 * `internal` on a corrupt database.
 *
 * Operations on behalf of a session refresh its heartbeat and judge 16 other sessions in rotation, ending those that are
 * dead: dead sessions are noticed without a daemon. A process that goes on running judges at most every five seconds.
 */
export interface Store {
  /** Path or URL, without secrets. */
  readonly location: string;
  /** Why nothing can be written, in a few words; null where it can. Operations that only mark do nothing then. */
  readonly readOnly: string | null;
  facts(): Promise<DatabaseFacts>;
  /** Changes whenever another connection has committed since the last call, or this one has sent or published. */
  changeCount(): Promise<number>;
  /** Whether sending and publishing notify the listeners with their commit, so that no change signal is needed. */
  readonly announces: boolean;
  close(): Promise<void>;

  // Sessions
  /** Registers or re-registers; broadcasts the lifecycle event, hands over mail, detects conflicts. Throws `conflict` for a taken name. */
  registerSession(registration: Registration, liveness: Liveness): Promise<Registered>;
  /** Ends a live session once: frees what it holds, broadcasts `ended`. Null where it was not live. */
  endSession(sessionId: string, reason: string, liveness: Liveness): Promise<Ended | null>;
  /** Refreshes the heartbeat of a live session; null where there is none of that id. `kept`: it was sent for the session, which may be idle. */
  heartbeat(sessionId: string, liveness: Liveness, kept?: boolean): Promise<SessionRecord | null>;
  /**
   * Applies an event of an agent to its session: heartbeat, activity, edited files, and the end of a turn, which frees its
   * automatic leases. Writes nothing where nothing has changed. Null where no live session has this conversation and one
   * of these processes, so that it has to be registered.
   */
  recordActivity(event: HookActivity, liveness: Liveness): Promise<ActivityResult | null>;
  /** Sets or clears the current task and detects conflicts. */
  setTask(sessionId: string, taskId: string | null, liveness: Liveness): Promise<TaskChange>;
  session(sessionId: string): Promise<SessionRecord | null>;
  /** Live sessions that the evidence points to, by its strongest part; several where it does not decide. */
  sessionsByEvidence(evidence: CallerEvidence, machineUuid: string): Promise<SessionRecord[]>;
  /** Live sessions of that id or name. */
  sessionsCalled(idOrName: string): Promise<SessionRecord[]>;
  /** All sessions that have not ended, oldest first; ends the dead among them. */
  liveSessions(liveness: Liveness): Promise<SessionRecord[]>;
  holdings(sessionId: string, at: number): Promise<Holdings>;

  // Messages
  /** Writes one message to each recipient; may begin a loop (`LoopLimit`). Throws `not_found` where `reply_to` names none. */
  sendMessages(draft: MessageDraft, liveness: Liveness): Promise<Message[]>;
  /** Directed messages of a sender, newest first, with totals of all unexpired ones. */
  sentMessages(senderId: string, limit: number, at: number): Promise<SentResult>;
  /** Whether a session may be woken now (`WakePermit`); `go` reserves the attempt. Null where it is not live. */
  permitWake(request: WakeRequest, liveness: Liveness): Promise<WakePermit | null>;
  /** Keeps the outcome of waking with the delivery; after a failure the next attempt is allowed at once. */
  recordWake(
    evidence: WakeResult & { message_id: number; session_id: string },
    at: number,
  ): Promise<void>;
  /** Unread messages for a mailbox, pending first, then by priority, then oldest first; reserves the pending ones. */
  openInbox(request: InboxRequest, liveness: Liveness): Promise<InboxResult>;
  /** Gives back the messages that were reserved at that time and could not be shown. */
  releaseInbox(mailbox: string, ids: readonly number[], reservedAt: number): Promise<void>;
  /** Marks messages as shown to `mailbox`; one way. Returns the ids that changed. `how` beginning with `hook` counts for `hooked_at`. */
  markDelivered(
    mailbox: string,
    ids: readonly number[],
    how: string,
    at: number,
  ): Promise<number[]>;
  /** Records that messages were announced to `mailbox`, once: they stay pending, and free for its next reader. */
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
  /** Id of the newest message that ever was; 0 where there was none. */
  newestId(): Promise<number>;
  /** These messages, in the order of their ids. */
  messages(ids: readonly number[]): Promise<Message[]>;
  /** The delivery states of these messages, and the first reply to each. */
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
  leaveQueue(ticket: number): Promise<void>;

  // Rescue
  /** All live sessions, without ending the dead among them; then those that died within the last 24 hours. */
  sessionsToRescue(liveness: Liveness): Promise<HeldBy[]>;
  /** Ends those of these live sessions for whose current row `reasonFor` gives a reason, all at once. */
  endSessions(
    sessionIds: readonly string[],
    reasonFor: (record: SessionRecord) => string | null,
    liveness: Liveness,
  ): Promise<Ended[]>;
  /** What a session holds and all its mail that is still kept; marks nothing. */
  exportSession(sessionId: string): Promise<SessionExport>;

  // Alerts
  /** Unread alerts, highest priority first. */
  alerts(limit: number, at: number): Promise<Alert[]>;
  /** The live sessions that share project, task or directory with this one, now. */
  conflictsOf(sessionId: string, liveness: Liveness): Promise<Conflict[]>;
  /** Locks of live sessions on these paths, above or below them; on anything where `paths` is null. */
  locksOn(paths: readonly string[] | null, liveness: Liveness): Promise<Lock[]>;
  /** The claim on a task; null where there is none. */
  claimOn(taskId: string, liveness: Liveness): Promise<Claim | null>;
  /** Makes those of these alerts read that are still unread. Returns them as they are then. */
  acknowledge(ids: readonly number[], by: string, at: number): Promise<Alert[]>;
  /** Marks alerts as shown to the operator, unless the database is busy. */
  markAlertsDelivered(ids: readonly number[], at: number): Promise<void>;

  // Upkeep
  /** What `cleanUp` would remove now. */
  overdue(liveness: Liveness): Promise<Removed>;
  /**
   * Ends dead sessions, removes what is past its time, and gives the space back. In steps, so that no other writer waits
   * longer than about 50 ms; `vacuum` rewrites the whole database instead, and all other writers wait.
   */
  cleanUp(liveness: Liveness, options: { vacuum: boolean }): Promise<CleanedUp>;
  /** One consistent picture of the bus; ends the dead sessions before. */
  overview(liveness: Liveness): Promise<Overview>;
  lifecycle(limit: number): Promise<LifecycleEvent[]>;
}
