/** Trying once, or until it succeeds. */
import type { Bus } from "./bus";
import { livenessNow } from "./caller";
import { ParleyError } from "./errors";
import { retryConfirmed } from "./shared-hosts";
import type { Liveness } from "./liveness";
import type { Attempt, Blocker, Waiting } from "./lock";
import type { ProcessEvidence } from "./process";
import { waitFor } from "./wait-loop";

/** How often a waiting process looks again by itself, in milliseconds: the holder may have died without a word. */
const intervalMs = 250;
/** How often it gives a sign of life meanwhile, in milliseconds. */
const beatInterval = 60_000;

/**
 * Attempts once, or until it succeeds or the time is up: then `timeout`, without waiting `conflict`. A place in the
 * queue is given up when the waiting ends; that of a killed process is forgotten by the next who looks.
 */
export async function acquire<Got>(
  bus: Bus,
  session_id: string,
  /** Milliseconds to wait where it is held; null: not at all. */
  wait: number | null,
  attempt: (
    queue: { waiting: Waiting | null; ticket: number | null },
    liveness: Liveness,
  ) => Promise<Attempt<Got>>,
): Promise<Got> {
  const until = wait === null ? null : bus.clock.now() + wait;
  const waiting = until === null ? null : { process: bus.identity.ownProcess() ?? unseen(), until };
  let ticket: number | null = null;
  const look = (): Promise<Attempt<Got>> =>
    retryConfirmed(bus, async (liveness) => {
      const result = await attempt({ waiting, ticket }, liveness);
      if (result.touched.length > 0 || result.kind === "got") bus.changeSignal.notify("everyone");
      if (result.kind === "blocked") ticket = result.ticket;
      return result;
    });

  const first = await look();
  if (first.kind === "got") return first.got;
  if (until === null) throw held(first.blocker);
  try {
    return await keepLooking(bus, session_id, until, first.blocker, look);
  } finally {
    // Another may be next now.
    if (ticket !== null) await bus.store.leaveQueue(ticket);
    bus.changeSignal.notify("everyone");
  }
}

async function keepLooking<Got>(
  bus: Bus,
  session_id: string,
  until: number,
  first: Blocker,
  look: () => Promise<Attempt<Got>>,
): Promise<Got> {
  let blocker = first;
  let beatAt = bus.clock.now() + beatInterval;
  const got = await waitFor(bus, { until, mail: null, intervalMs: intervalMs }, async () => {
    const result = await look();
    if (result.kind === "got") return result;
    blocker = result.blocker;
    if (bus.clock.now() >= beatAt) {
      await bus.store.heartbeat(session_id, livenessNow(bus));
      beatAt = bus.clock.now() + beatInterval;
    }
    return null;
  });
  if (got === null) throw timedOut(blocker);
  return got.got;
}

/** Where the platform gives no evidence, only the time limit says that a process still waits. */
const unseen = (): ProcessEvidence => ({
  boot_id: "",
  host_id: null,
  pid_namespace: "",
  pid: process.pid,
  start_ticks: "",
});

/** A blocked lock names its path and the lock in the way, a blocked claim its task. */
const facts = ({ kind, holder, resource, wanted, lock }: Blocker): Record<string, unknown> =>
  kind === "lock" ? { path: wanted, holder, resource, lock } : { task_id: wanted, holder };

const inTheWay = ({ resource, holder, waits }: Blocker): string =>
  waits ? `${holder} waits for ${resource} and comes first` : `${resource} is held by ${holder}`;

const held = (blocker: Blocker): ParleyError =>
  new ParleyError("conflict", inTheWay(blocker), {
    hint: `ask with parley message ${blocker.holder} "…", or wait with --wait 30s`,
    details: facts(blocker),
  });

const timedOut = (blocker: Blocker): ParleyError =>
  new ParleyError("timeout", `Waited in vain: ${inTheWay(blocker)}`, {
    hint: `ask with parley message ${blocker.holder} "…"`,
    details: facts(blocker),
  });
