/** Port: processes that host several sessions, and operations repeated with what such a host answers about them. */
import type { Bus } from "./bus";
import { livenessNow } from "./caller";
import { parseTime } from "./clock";
import { endReasons, type ConfirmedLiveness, type HostAnswer, type Liveness } from "./liveness";
import type { Attempt } from "./lock";
import type { SessionRecord, HeldBy } from "./session";

/** Port: asks processes that host several sessions which of them they still have. */
export interface SharedHosts {
  /** Whether the host of this session can be asked, as far as its row tells. Synchronous: called inside transactions. */
  canAnswer(this: void, record: SessionRecord): boolean;
  /** Whether each exists, by id; missing: no answer within `limit` ms. Never throws. May repeat an answer of seconds ago. */
  ask(records: readonly SessionRecord[], limit: number): Promise<ReadonlyMap<string, boolean>>;
}

/** How long to wait for an answer, in milliseconds; it usually takes about one. */
const timeoutMs = 1000;

/**
 * Asks the shared hosts about the silent sessions that were judged with this liveness (only about `sessionIds`, where
 * given). Returns a liveness that knows the answers, or the same one where none of the sessions is over. Where a host
 * gives no answer, the timer decides.
 */
export async function confirmWithHosts(
  bus: Bus,
  liveness: ConfirmedLiveness,
  sessionIds?: readonly string[],
): Promise<ConfirmedLiveness> {
  const asked = [...liveness.unconfirmed.values()].filter(
    ({ session_id }) => sessionIds === undefined || sessionIds.includes(session_id),
  );
  if (asked.length === 0) return liveness;
  const answers = await bus.sharedHosts.ask(asked, timeoutMs);
  const known = new Map(liveness.answers);
  for (const record of asked) known.set(record.session_id, answerFor(bus, record, answers));
  const confirmed = livenessNow(bus, known);
  return asked.some((record) => confirmed.judge(record).ended !== null) ? confirmed : liveness;
}

function answerFor(
  { settings, clock }: Bus,
  { session_id, heartbeat_at }: SessionRecord,
  answers: ReadonlyMap<string, boolean>,
): HostAnswer {
  const exists = answers.get(session_id);
  if (exists !== undefined) return { heartbeat_at, over: exists ? null : endReasons.unloaded };
  const silence = clock.now() - (parseTime(heartbeat_at) ?? 0);
  return { heartbeat_at, over: silence > settings.sharedHostAfter ? endReasons.idleHost : null };
}

/** Reads, and again where a host answers that a session is over. `concerns`: the only sessions that hosts are asked about. */
export async function readConfirmed<Found>(
  bus: Bus,
  read: (liveness: Liveness) => Promise<Found>,
  concerns?: (found: Found) => string[],
): Promise<{ found: Found; liveness: ConfirmedLiveness }> {
  const liveness = livenessNow(bus);
  const found = await read(liveness);
  const confirmed = await confirmWithHosts(bus, liveness, concerns?.(found));
  return confirmed === liveness
    ? { found, liveness }
    : { found: await read(confirmed), liveness: confirmed };
}

/** All sessions that a rescue may see, judged with the answers of their hosts. Ends none of them. */
export const allSessionsConfirmed = (
  bus: Bus,
): Promise<{ found: HeldBy[]; liveness: ConfirmedLiveness }> =>
  readConfirmed(bus, async (liveness) => {
    const all = await bus.store.sessionsToRescue(liveness);
    for (const { record } of all) liveness.judge(record);
    return all;
  });

/** Attempts, and attempts again as long as the session that blocks it turns out to be over once its host is asked. */
export async function retryConfirmed<Got>(
  bus: Bus,
  attempt: (liveness: Liveness) => Promise<Attempt<Got>>,
): Promise<Attempt<Got>> {
  let liveness = livenessNow(bus);
  for (;;) {
    const result = await attempt(liveness);
    if (result.kind === "got") return result;
    const confirmed = await confirmWithHosts(bus, liveness, [result.blocker.holder]);
    if (confirmed === liveness) return result;
    liveness = confirmed;
  }
}
