/** Ending those that are lost. */
import type { Bus } from "./bus";
import { livenessNow } from "./caller";
import type { ConfirmedLiveness } from "./liveness";
import type { Candidate } from "./rescue-candidates";
import { sameProcess } from "./process";
import type { Released, SessionRecord } from "./session";

/**
 * Ends the dead and the stale, those whose process was killed, and with `force` the hung. Who gave a sign of life or
 * was replaced since it was looked at stays. `said`: what hosts said when it was. Returns what became free.
 */
export async function endUnresponsive(
  bus: Bus,
  patients: readonly Candidate[],
  {
    force,
    current,
    said,
  }: { force: boolean; current: string | null; said: ConfirmedLiveness["answers"] },
): Promise<Released> {
  const lost = new Map(
    patients
      .filter(
        (each) => each.session.status !== "terminated" && (isDead(each) || isLost(each, force)),
      )
      .map((each) => [each.record.session_id, each]),
  );
  if (lost.size === 0) return { locks: 0, claims: 0 };
  const liveness = livenessNow(bus, said);
  const by = current ?? "the operator";
  const ended = await bus.store.endSessions(
    [...lost.keys()],
    (record) => {
      const each = lost.get(record.session_id);
      if (each && wasKilled(each) && isSame(record, each)) return `killed by ${by}`;
      const { ended: died } = liveness.judge(record);
      if (died !== null) return died;
      return each && isLost(each, force) && isSame(record, each) ? `rescued by ${by}` : null;
    },
    liveness,
  );
  bus.changeSignal.notify("everyone");
  for (const { record } of ended) {
    const each = lost.get(record.session_id);
    if (each) each.session.released = true;
  }
  return {
    locks: ended.reduce((sum, each) => sum + each.released.locks, 0),
    claims: ended.reduce((sum, each) => sum + each.released.claims, 0),
  };
}

const isDead = (each: Candidate): boolean => each.session.state === "DEAD" || wasKilled(each);

const wasKilled = ({ session }: Candidate): boolean =>
  session.killed === "terminated" || session.killed === "killed";

const isLost = ({ session }: Candidate, force: boolean): boolean =>
  session.state === "STALE" || (force && session.state === "HUNG");

/** Neither heard of since nor under another process. */
const isSame = (now: SessionRecord, { record }: Candidate): boolean =>
  now.heartbeat_at === record.heartbeat_at &&
  (now.evidence === null ? record.evidence === null : sameProcess(now.evidence, record.evidence));
