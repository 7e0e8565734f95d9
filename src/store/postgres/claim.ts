/** Claims: taking, releasing. */
import type { Claim, ClaimRequest } from "../../bus/claim";
import { timestamp } from "../../bus/clock";
import type { Liveness } from "../../bus/liveness";
import type { Attempt } from "../../bus/lock";
import type { SessionRecord } from "../../bus/session";
import { actorCalled } from "../rows/event";
import { claimedByOther } from "../rows/lease";
import { fromRow, type SessionRow } from "../rows/session";
import { firstInQueue } from "../rows/waiter";
import { raiseAlert, reviewTaskAlert } from "./alert";
import { refuseTooMany } from "./bounds";
import type { Queries } from "./queries";
import { insertEvent } from "./event";
import { blocked, freeIfOver } from "./lease";
import { alive, liveRecord, requireLive, tend } from "./session";
import { leaveQueue, queueOn, waitingSessions } from "./waiter";

/** The columns of a claim as the port gives them. */
export const claimColumns =
  "task_id, session_id, claim_type, project_id, claimed_at, expires_at, fence";

/** Claims a task, or queues up for it: of any number of concurrent claimers exactly one has it. */
export async function acquireClaim(
  c: Queries,
  request: ClaimRequest,
  liveness: Liveness,
): Promise<Attempt<Claim>> {
  const me = await requireLive(c, request.session_id);
  // A waiting session's look at something still held writes nothing, or every look would wake the other waiters.
  if (request.ticket === null) await tend(c, me.session_id, liveness);
  const { task_id, session_id } = request;
  const refuse = (holder: string, waits: boolean): Promise<Attempt<Claim>> =>
    blocked(
      c,
      me,
      request,
      [task_id],
      { kind: "claim", holder, resource: task_id, wanted: task_id, lock: null, waits },
      liveness,
    );
  const claim = await claimOn(c, task_id);
  if (claim && claim.session_id !== session_id && !(await isFree(c, claim, liveness))) {
    return refuse(claim.session_id, false);
  }
  const mine = claim?.session_id === session_id;
  const first = mine
    ? null
    : firstInQueue(
        await queueOn(c, "claim", me.machine_uuid, liveness),
        request,
        (wanted) => wanted === task_id,
        () => false,
      );
  if (first) return refuse(first.holder, true);
  if (request.ticket !== null) await leaveQueue(c, request.ticket);
  const got = await writeClaim(c, me, request, liveness.now);
  if (!mine) await refuseTooMany(c, "task_claims", session_id);
  const others = await alive(c, await workingOn(c, task_id, session_id), liveness);
  const ids = others.map((each) => each.session_id);
  if (!mine && ids.length > 0) {
    await raiseAlert(c, "task_conflict", task_id, [...ids, session_id], me, liveness.now);
  }
  return { kind: "got", got, touched: ids };
}

const claimOn = (c: Queries, task_id: string): Promise<Claim | null> =>
  c.get<Claim>(`select ${claimColumns} from parley.task_claims where task_id = $task_id`, {
    task_id,
  });

/** Live sessions other than this one whose current task it is. */
async function workingOn(
  c: Queries,
  task_id: string,
  session_id: string,
): Promise<SessionRecord[]> {
  const rows = await c.all<SessionRow>(
    `select * from parley.session_registry
      where task_id = $task_id and status <> 'terminated' and session_id <> $session_id order by number`,
    { task_id, session_id },
  );
  return rows.map(fromRow);
}

const isFree = (c: Queries, claim: Claim, liveness: Liveness): Promise<boolean> =>
  freeIfOver(c, claim, liveness, release);

/** Removes a claim, says so, and ends the alert about it where nobody else is on the task. One already gone said so then. */
export async function release(c: Queries, claim: Claim, action: string, at: number): Promise<void> {
  const { task_id, session_id, fence } = claim;
  const removed = await c.run(
    "delete from parley.task_claims where task_id = $task_id and session_id = $session_id",
    { task_id, session_id },
  );
  if (removed === 0) return;
  const actor = (await liveRecord(c, session_id)) ?? actorCalled(session_id);
  await insertEvent(c, "task_broadcast", action, actor, { task_id, session_id, fence }, at);
  await reviewTaskAlert(c, task_id, `claim of ${session_id} ended: ${action}`, at);
}

async function writeClaim(
  c: Queries,
  me: SessionRecord,
  { task_id, ttl }: ClaimRequest,
  at: number,
): Promise<Claim> {
  const { session_id, project_id } = me;
  const expires_at = ttl === null ? null : timestamp(at + ttl);
  const renewed = await c.get<Claim>(
    `update parley.task_claims set expires_at = $expires_at
      where task_id = $task_id and session_id = $session_id returning ${claimColumns}`,
    { task_id, session_id, expires_at },
  );
  if (renewed) return renewed;
  const fence = await insertEvent(c, "task_broadcast", "claim", me, { task_id, session_id }, at);
  const claim = await c.get<Claim>(
    `insert into parley.task_claims(task_id, session_id, project_id, claimed_at, expires_at, fence)
      values ($task_id, $session_id, $project_id, $claimed_at, $expires_at, $fence)
      returning ${claimColumns}`,
    { task_id, session_id, project_id, claimed_at: timestamp(at), expires_at, fence },
  );
  return claim!;
}

/** Releases own claims: those tasks, or with null all. Throws `conflict` for another's and then releases nothing. */
export async function releaseClaims(
  c: Queries,
  session_id: string,
  tasks: readonly string[] | null,
  liveness: Liveness,
): Promise<{ released: Claim[]; touched: string[] }> {
  await requireLive(c, session_id);
  await tend(c, session_id, liveness);
  const claims =
    tasks === null
      ? await claimsOf(c, session_id)
      : (await Promise.all(tasks.map((task_id) => claimOn(c, task_id)))).filter(
          (claim) => claim !== null,
        );
  for (const claim of claims) {
    if (claim.session_id !== session_id && !(await isFree(c, claim, liveness))) {
      throw claimedByOther(claim);
    }
  }
  const released = claims.filter((claim) => claim.session_id === session_id);
  for (const claim of released) await release(c, claim, "release", liveness.now);
  return { released, touched: await waitingSessions(c, "claim") };
}

export const claimsOf = (c: Queries, session_id: string): Promise<Claim[]> =>
  c.all<Claim>(
    `select ${claimColumns} from parley.task_claims where session_id = $session_id order by task_id`,
    { session_id },
  );
