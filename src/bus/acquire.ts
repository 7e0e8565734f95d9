/** Acquires a lock or a claim: one attempt, or attempts until it succeeds or the time is up. */
import type { Bus } from "./bus";
import { livenessNow } from "./caller";
import { ParleyError } from "./errors";
import { retryConfirmed } from "./shared-hosts";
import type { Liveness } from "./liveness";
import type { Attempt, Blocker, Waiting } from "./lock";
import type { ProcessEvidence } from "./process";
import { waitFor } from "./wait-loop";

/** Milliseconds between two attempts without a change signal: a holder that was killed signals nothing. */
const intervalMs = 250;
/** Milliseconds between two heartbeats of the waiting session. */
const heartbeatIntervalMs = 60_000;

/**
 * Attempts once, or until it succeeds. Throws `timeout` when the time is up, and `conflict` without waiting. The place in
 * the queue is given up when the waiting ends; that of a killed process is removed by the next attempt of any session.
 */
export async function acquire<Got>(
  bus: Bus,
  session_id: string,
  /** Milliseconds to wait while another session holds it; null: do not wait. */
  wait: number | null,
  attempt: (
    queue: { waiting: Waiting | null; ticket: number | null },
    liveness: Liveness,
  ) => Promise<Attempt<Got>>,
): Promise<Got> {
  const until = wait === null ? null : bus.clock.now() + wait;
  const waiting =
    until === null ? null : { process: bus.identity.ownProcess() ?? withoutEvidence(), until };
  let ticket: number | null = null;
  const attemptOnce = (): Promise<Attempt<Got>> =>
    retryConfirmed(bus, async (liveness) => {
      const result = await attempt({ waiting, ticket }, liveness);
      if (result.touched.length > 0 || result.kind === "got") bus.changeSignal.notify("everyone");
      if (result.kind === "blocked") ticket = result.ticket;
      return result;
    });

  const first = await attemptOnce();
  if (first.kind === "got") return first.got;
  if (until === null) throw held(first.blocker);
  let { blocker } = first;
  let heartbeatAt = bus.clock.now() + heartbeatIntervalMs;
  try {
    const last = await waitFor(bus, { until, mail: null, intervalMs }, async () => {
      const result = await attemptOnce();
      if (result.kind === "got") return result;
      blocker = result.blocker;
      if (bus.clock.now() >= heartbeatAt) {
        await bus.store.heartbeat(session_id, livenessNow(bus));
        heartbeatAt = bus.clock.now() + heartbeatIntervalMs;
      }
      return null;
    });
    if (last === null) throw timedOut(blocker);
    return last.got;
  } finally {
    // Another session may be the next in the queue now.
    if (ticket !== null) await bus.store.leaveQueue(ticket);
    bus.changeSignal.notify("everyone");
  }
}

/** Where the platform gives no evidence, only the time limit tells that a process still waits. */
const withoutEvidence = (): ProcessEvidence => ({
  boot_id: "",
  host_id: null,
  pid_namespace: "",
  pid: process.pid,
  start_ticks: "",
});

/** A blocked lock gives its path and the lock that blocks it, a blocked claim its task. */
const detailsOf = ({ kind, holder, resource, wanted, lock }: Blocker): Record<string, unknown> =>
  kind === "lock" ? { path: wanted, holder, resource, lock } : { task_id: wanted, holder };

const reasonOf = ({ resource, holder, queued }: Blocker): string =>
  queued ? `${holder} waits for ${resource} and comes first` : `${resource} is held by ${holder}`;

const held = (blocker: Blocker): ParleyError =>
  new ParleyError("conflict", reasonOf(blocker), {
    hint: `ask with parley message ${blocker.holder} "…", or wait with --wait 30s`,
    details: detailsOf(blocker),
  });

const timedOut = (blocker: Blocker): ParleyError =>
  new ParleyError("timeout", `Waited in vain: ${reasonOf(blocker)}`, {
    hint: `ask with parley message ${blocker.holder} "…"`,
    details: detailsOf(blocker),
  });
