/** Claims: row, taking, releasing. */
import type { Claim, ClaimRequest } from "../../bus/claim";
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Attempt } from "../../bus/lock";
import type { SessionRecord } from "../../bus/session";
import { actorCalled } from "../rows/event";
import { claimedByOther } from "../rows/lease";
import { firstInQueue } from "../rows/waiter";
import { raiseAlert, reviewTaskAlert } from "./alert";
import { refuseTooMany } from "./bounds";
import type { Connection } from "./connection";
import { insertEvent } from "./event";
import { blocked, freeIfOver } from "./lease";
import { endIfDead, liveRecord, requireLive, tend } from "./session";
import { leaveQueue, waiters, waitingSessions } from "./waiter";

/** The columns of a claim as the port gives them. */
export const claimColumns = `task_id, session_id, coalesce(claim_type, 'exclusive') as claim_type, project_id, claimed_at,
  expires_at, fence`;

/** Claims a task, or queues up for it: of any number of concurrent claimers exactly one has it. */
export function acquireClaim(
  c: Connection,
  request: ClaimRequest,
  liveness: Liveness,
): Attempt<Claim> {
  const me = requireLive(c, request.session_id);
  // A waiting session's look at something still held writes nothing, or every look would wake the other waiters.
  if (request.ticket === null) tend(c, me.session_id, liveness);
  const { task_id, session_id } = request;
  const refuse = (holder: string, waits: boolean): Attempt<Claim> =>
    blocked(
      c,
      me,
      request,
      [task_id],
      { kind: "claim", holder, resource: task_id, wanted: task_id, lock: null, waits },
      liveness,
    );
  const claim = claimOn(c, task_id);
  if (claim && claim.session_id !== session_id && !isFree(c, claim, liveness)) {
    return refuse(claim.session_id, false);
  }
  const mine = claim?.session_id === session_id;
  const first = mine
    ? null
    : firstInQueue(
        waiters(c, "claim", liveness),
        request,
        (wanted) => wanted === task_id,
        () => false,
      );
  if (first) return refuse(first.holder, true);
  if (request.ticket !== null) leaveQueue(c, request.ticket);
  const got = mine
    ? renewClaim(c, request, liveness.now)
    : insertClaim(c, me, request, liveness.now);
  if (!mine) refuseTooMany(c, "task_claims", session_id);
  const others = workingOn(c, task_id).filter(
    (each) => each.session_id !== session_id && !endIfDead(c, each, liveness),
  );
  if (!mine && others.length > 0) {
    const sessions = [...others.map((each) => each.session_id), session_id];
    raiseAlert(c, "task_conflict", task_id, sessions, me, liveness.now);
  }
  return { kind: "got", got, touched: others.map((each) => each.session_id) };
}

/** As it stands, also where it has run out. */
export const claimOn = (c: Connection, task_id: string): Claim | null =>
  c.get<Claim>(`select ${claimColumns} from task_claims where task_id = $task_id`, { task_id });

/** Live sessions whose current task it is. */
const workingOn = (c: Connection, task_id: string): SessionRecord[] =>
  c
    .all<{ session_id: string }>(
      "select session_id from session_registry where task_id = $task_id and status <> 'terminated'",
      { task_id },
    )
    .flatMap((row) => liveRecord(c, row.session_id) ?? []);

const isFree = (c: Connection, claim: Claim, liveness: Liveness): boolean =>
  freeIfOver(c, claim, liveness, release);

/** Removes a claim, says so, and ends the alert about it where nobody else is on the task. One already gone said so then. */
export function release(c: Connection, claim: Claim, action: string, at: number): void {
  const { task_id, session_id, fence } = claim;
  const removed = c.run(
    "delete from task_claims where task_id = $task_id and session_id = $session_id",
    { task_id, session_id },
  );
  if (removed === 0) return;
  const actor = liveRecord(c, session_id) ?? actorCalled(session_id);
  insertEvent(c, "task_broadcast", action, actor, { task_id, session_id, fence }, at);
  reviewTaskAlert(c, task_id, `claim of ${session_id} ended: ${action}`, at);
}

const renewClaim = (c: Connection, { task_id, session_id, ttl }: ClaimRequest, at: number): Claim =>
  c.get<Claim>(
    `update task_claims set expires_at = $expires_at where task_id = $task_id and session_id = $session_id
      returning ${claimColumns}`,
    { task_id, session_id, expires_at: ttl === null ? null : timestamp(at + ttl) },
  )!;

function insertClaim(
  c: Connection,
  me: SessionRecord,
  { task_id, ttl }: ClaimRequest,
  at: number,
): Claim {
  const { session_id, project_id } = me;
  const fence = insertEvent(c, "task_broadcast", "claim", me, { task_id, session_id }, at);
  return c.get<Claim>(
    `insert into task_claims(task_id, session_id, claim_type, project_id, claimed_at, expires_at, fence)
      values ($task_id, $session_id, 'exclusive', $project_id, $claimed_at, $expires_at, $fence)
      returning ${claimColumns}`,
    {
      ...{ task_id, session_id, project_id, fence },
      claimed_at: timestamp(at),
      expires_at: ttl === null ? null : timestamp(at + ttl),
    },
  )!;
}

/** Releases own claims: those tasks, or with null all. Throws `conflict` for another's and then releases nothing. */
export function releaseClaims(
  c: Connection,
  session_id: string,
  tasks: readonly string[] | null,
  liveness: Liveness,
): { released: Claim[]; touched: string[] } {
  requireLive(c, session_id);
  tend(c, session_id, liveness);
  const claims =
    tasks === null
      ? claimsOf(c, session_id)
      : tasks.flatMap((task_id) => claimOn(c, task_id) ?? []);
  const other = claims.find(
    (claim) => claim.session_id !== session_id && !isFree(c, claim, liveness),
  );
  if (other) throw claimedByOther(other);
  const released = claims.filter((claim) => claim.session_id === session_id);
  for (const claim of released) release(c, claim, "release", liveness.now);
  return { released, touched: waitingSessions(c, "claim") };
}

export const claimsOf = (c: Connection, session_id: string): Claim[] =>
  c.all<Claim>(
    `select ${claimColumns} from task_claims where session_id = $session_id order by task_id`,
    {
      session_id,
    },
  );
