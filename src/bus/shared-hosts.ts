/** Port: asking a process that hosts several sessions which it still has; looking again with its answer. */
import type { Bus } from "./bus";
import { livenessNow } from "./caller";
import { parseTime } from "./clock";
import { endReasons, type ConfirmedLiveness, type HostAnswer, type Liveness } from "./liveness";
import type { Attempt } from "./lock";
import type { SessionRecord } from "./session";
import type { HeldBy } from "./store";

/** Port: asking a process that hosts several sessions which of them it still has. */
export interface SharedHosts {
  /** The host of this session can be asked, as far as its row tells. Synchronous: asked inside transactions. */
  canAnswer(this: void, record: SessionRecord): boolean;
  /**
   * Whether each of these sessions is still there, by id; those of whose host there is no answer within `limit`
   * milliseconds are missing. Never throws. What it heard in the last seconds it may say again.
   */
  ask(records: readonly SessionRecord[], limit: number): Promise<ReadonlyMap<string, boolean>>;
}

/** How long an answer is waited for, in milliseconds: one that comes takes about one. */
const timeoutMs = 1000;

/**
 * The moment that also knows what their hosts say of the silent sessions judged in this one (of `whom` alone where that is
 * given); this one where none of them is over. Where a host gives no answer, the timer is the judge.
 */
export async function confirmWithHosts(
  bus: Bus,
  liveness: ConfirmedLiveness,
  whom?: readonly string[],
): Promise<ConfirmedLiveness> {
  const asked = [...liveness.unconfirmed.values()].filter(
    ({ session_id }) => whom === undefined || whom.includes(session_id),
  );
  if (asked.length === 0) return liveness;
  const answers = await bus.sharedHosts.ask(asked, timeoutMs);
  const said = new Map(liveness.answers);
  for (const record of asked) said.set(record.session_id, answerFor(bus, record, answers));
  const better = livenessNow(bus, said);
  return asked.some((record) => better.judge(record).ended !== null) ? better : liveness;
}

function answerFor(
  { settings, clock }: Bus,
  { session_id, heartbeat_at }: SessionRecord,
  answers: ReadonlyMap<string, boolean>,
): HostAnswer {
  const isThere = answers.get(session_id);
  if (isThere !== undefined) return { heartbeat_at, over: isThere ? null : endReasons.unloaded };
  const silence = clock.now() - (parseTime(heartbeat_at) ?? 0);
  return { heartbeat_at, over: silence > settings.sharedHostAfter ? endReasons.idleHost : null };
}

/**
 * What is found, and at which moment: looked at again where a host that was asked says that somebody is over. `whom`: only
 * about these is anybody asked.
 */
export async function readConfirmed<Found>(
  bus: Bus,
  look: (liveness: Liveness) => Promise<Found>,
  whom?: (found: Found) => string[],
): Promise<{ found: Found; liveness: ConfirmedLiveness }> {
  const liveness = livenessNow(bus);
  const found = await look(liveness);
  const better = await confirmWithHosts(bus, liveness, whom?.(found));
  return better === liveness
    ? { found, liveness }
    : { found: await look(better), liveness: better };
}

/** The sessions that are not over for good, judged at a moment that knows what their hosts say. Ends nobody. */
export const allSessionsConfirmed = (
  bus: Bus,
): Promise<{ found: HeldBy[]; liveness: ConfirmedLiveness }> =>
  readConfirmed(bus, async (liveness) => {
    const all = await bus.store.sessionsToRescue(liveness);
    for (const { record } of all) liveness.judge(record);
    return all;
  });

/** Attempts, and again for as long as whoever is in the way turns out to be over once its host is asked. */
export async function retryConfirmed<Got>(
  bus: Bus,
  attempt: (liveness: Liveness) => Promise<Attempt<Got>>,
): Promise<Attempt<Got>> {
  let liveness = livenessNow(bus);
  for (;;) {
    const result = await attempt(liveness);
    if (result.kind === "got") return result;
    const better = await confirmWithHosts(bus, liveness, [result.blocker.holder]);
    if (better === liveness) return result;
    liveness = better;
  }
}
