import type { Bus } from "./bus";
import { momentNow } from "./caller";
import { parseTime } from "./clock";
import { deaths, type HostMoment, type HostWord, type Moment } from "./liveness";
import type { Attempt } from "./lock";
import type { SessionRecord } from "./session";
import type { HeldBy } from "./store";

/** Port: asking a process that hosts several sessions which of them it still has. */
export interface Hosts {
  /** The host of this session can be asked, as far as its row tells. Synchronous: asked inside transactions. */
  canAnswer(this: void, record: SessionRecord): boolean;
  /**
   * Whether each of these sessions is still there, by id; those of whose host there is no answer within `limit`
   * milliseconds are missing. Never throws. What it heard in the last seconds it may say again.
   */
  ask(records: readonly SessionRecord[], limit: number): Promise<ReadonlyMap<string, boolean>>;
}

/** How long an answer is waited for, in milliseconds: one that comes takes about one. */
const patience = 1000;

/**
 * The moment that also knows what their hosts say of the silent sessions judged in this one (of `whom` alone where that is
 * given); this one where none of them is over. Where a host gives no answer, the timer is the judge.
 */
export async function informed(
  bus: Bus,
  moment: HostMoment,
  whom?: readonly string[],
): Promise<HostMoment> {
  const asked = [...moment.unasked.values()].filter(
    ({ session_id }) => whom === undefined || whom.includes(session_id),
  );
  if (asked.length === 0) return moment;
  const answers = await bus.hosts.ask(asked, patience);
  const said = new Map(moment.said);
  for (const record of asked) said.set(record.session_id, wordOn(bus, record, answers));
  const better = momentNow(bus, said);
  return asked.some((record) => better.judge(record).ended !== null) ? better : moment;
}

function wordOn(
  { settings, clock }: Bus,
  { session_id, heartbeat_at }: SessionRecord,
  answers: ReadonlyMap<string, boolean>,
): HostWord {
  const isThere = answers.get(session_id);
  if (isThere !== undefined) return { heartbeat_at, over: isThere ? null : deaths.unloaded };
  const silence = clock.now() - (parseTime(heartbeat_at) ?? 0);
  return { heartbeat_at, over: silence > settings.sharedHostAfter ? deaths.idleHost : null };
}

/**
 * What is found, and at which moment: looked at again where a host that was asked says that somebody is over. `whom`: only
 * about these is anybody asked.
 */
export async function lookInformed<Found>(
  bus: Bus,
  look: (moment: Moment) => Promise<Found>,
  whom?: (found: Found) => string[],
): Promise<{ found: Found; moment: HostMoment }> {
  const moment = momentNow(bus);
  const found = await look(moment);
  const better = await informed(bus, moment, whom?.(found));
  return better === moment ? { found, moment } : { found: await look(better), moment: better };
}

/** The sessions that are not over for good, judged at a moment that knows what their hosts say. Ends nobody. */
export const everyoneInformed = (bus: Bus): Promise<{ found: HeldBy[]; moment: HostMoment }> =>
  lookInformed(bus, async (moment) => {
    const all = await bus.store.sessionsToRescue(moment);
    for (const { record } of all) moment.judge(record);
    return all;
  });

/** Attempts, and again for as long as whoever is in the way turns out to be over once its host is asked. */
export async function attemptInformed<Got>(
  bus: Bus,
  attempt: (moment: Moment) => Promise<Attempt<Got>>,
): Promise<Attempt<Got>> {
  let moment = momentNow(bus);
  for (;;) {
    const result = await attempt(moment);
    if (result.kind === "got") return result;
    const better = await informed(bus, moment, [result.blocker.holder]);
    if (better === moment) return result;
    moment = better;
  }
}
