/** Claiming tasks, and giving them up. */
import type { Claim, ClaimRequest } from "../bus/claim";
import { timestamp } from "../bus/clock";
import { ParleyError } from "../bus/errors";
import type { Liveness } from "../bus/liveness";
import type { Attempt } from "../bus/lock";
import type { SessionRecord } from "../bus/session";
import { raiseAlert } from "./alert";
import { claimColumns, claimOn, claimsOf, releaseClaim } from "./claim";
import type { Statements } from "./database";
import { insertEvent } from "./event";
import { refuseTooMany } from "./limits";
import { stillAlive, touchAndSweep } from "./liveness";
import { requireLive, sessionsWhere } from "./session";
import {
  blocked,
  firstInQueue,
  freeIfOver,
  leaveQueue,
  queueOn,
  waitingSessions,
} from "./wait-queue";

/** Claims a task, or queues up for it: of any number of concurrent claimers exactly one has it. */
export async function acquireClaim(
  s: Statements,
  request: ClaimRequest,
  liveness: Liveness,
): Promise<Attempt<Claim>> {
  const me = await requireLive(s, request.session_id);
  // A waiting session's look at something still held writes nothing, or every look would wake the other waiters.
  if (request.ticket === null) await touchAndSweep(s, me.session_id, liveness);
  const { task_id, session_id } = request;
  const refuse = (holder: string, queued: boolean): Promise<Attempt<Claim>> =>
    blocked(
      s,
      me,
      request,
      [task_id],
      { kind: "claim", holder, resource: task_id, wanted: task_id, lock: null, queued },
      liveness,
    );
  const claim = await claimOn(s, task_id);
  if (claim && claim.session_id !== session_id && !(await isFree(s, claim, liveness))) {
    return refuse(claim.session_id, false);
  }
  const mine = claim?.session_id === session_id;
  const first = mine
    ? null
    : firstInQueue(
        await queueOn(s, "claim", me.machine_uuid, liveness),
        request,
        (wanted) => wanted === task_id,
        () => false,
      );
  if (first) return refuse(first.holder, true);
  if (request.ticket !== null) await leaveQueue(s, request.ticket);
  const got = await writeClaim(s, me, request, liveness.now);
  if (!mine) await refuseTooMany(s, "task_claims", session_id);
  const others = await stillAlive(s, await workingOn(s, task_id, session_id), liveness);
  const ids = others.map((each) => each.session_id);
  if (!mine && ids.length > 0) {
    await raiseAlert(s, "task_conflict", task_id, [...ids, session_id], me, liveness.now);
  }
  return { kind: "got", got, touched: ids };
}

const isFree = (s: Statements, claim: Claim, liveness: Liveness): Promise<boolean> =>
  freeIfOver(s, claim, liveness, releaseClaim);

/** Live sessions other than this one whose current task it is. */
const workingOn = (s: Statements, task_id: string, session_id: string): Promise<SessionRecord[]> =>
  sessionsWhere(
    s,
    `task_id = $task_id and status <> 'terminated' and session_id <> $session_id ${s.dialect.byArrival}`,
    { task_id, session_id },
  );

async function writeClaim(
  s: Statements,
  me: SessionRecord,
  { task_id, ttl }: ClaimRequest,
  at: number,
): Promise<Claim> {
  const { session_id, project_id } = me;
  const expires_at = ttl === null ? null : timestamp(at + ttl);
  const renewed = await s.get<Claim>(
    `update parley.task_claims set expires_at = $expires_at
      where task_id = $task_id and session_id = $session_id returning ${claimColumns}`,
    { task_id, session_id, expires_at },
  );
  if (renewed) return renewed;
  const fence = await insertEvent(s, "task_broadcast", "claim", me, { task_id, session_id }, at);
  const claim = await s.get<Claim>(
    `insert into parley.task_claims(task_id, session_id, project_id, claimed_at, expires_at, fence)
      values ($task_id, $session_id, $project_id, $claimed_at, $expires_at, $fence)
      returning ${claimColumns}`,
    { task_id, session_id, project_id, claimed_at: timestamp(at), expires_at, fence },
  );
  return claim!;
}

/** Releases own claims: those tasks, or with null all. Throws `conflict` for another's and then releases nothing. */
export async function releaseClaims(
  s: Statements,
  session_id: string,
  tasks: readonly string[] | null,
  liveness: Liveness,
): Promise<{ released: Claim[]; touched: string[] }> {
  await requireLive(s, session_id);
  await touchAndSweep(s, session_id, liveness);
  const claims =
    tasks === null
      ? await claimsOf(s, session_id)
      : (await Promise.all(tasks.map((task_id) => claimOn(s, task_id)))).filter(
          (claim) => claim !== null,
        );
  for (const claim of claims) {
    if (claim.session_id !== session_id && !(await isFree(s, claim, liveness))) {
      throw claimedByOther(claim);
    }
  }
  const released = claims.filter((claim) => claim.session_id === session_id);
  for (const claim of released) await releaseClaim(s, claim, "release", liveness.now);
  return { released, touched: await waitingSessions(s, "claim") };
}

const claimedByOther = (claim: Claim): ParleyError =>
  new ParleyError("conflict", `${claim.task_id} is claimed by ${claim.session_id}`, {
    hint: "only its owner releases it; nothing was released",
    details: { task_id: claim.task_id, holder: claim.session_id, claim },
  });
