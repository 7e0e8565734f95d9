/** Wakes the recipient of a message where that is wanted and allowed, and tells the sender what to expect. */
import type { Bus } from "./bus";
import { sanitizeLine } from "./untrusted-text";
import { operatorId } from "./message";
import type { Liveness } from "./liveness";
import type { WakePolicy } from "./preferences";
import { wakePrompt, reachabilityOf, type Reachability, type WakeResult } from "./agent-wake";
import type { SessionRecord } from "./session";

/** When a recipient is going to see the message that was just sent to it. */
export interface DeliveryForecast {
  session_id: string;
  /** Null where the recipient is no live session. */
  reachability: Reachability | null;
  /** The attempt to wake it for this message; null where there was none. */
  wake: WakeResult | null;
  /**
   * `woken`: at once. `turn`: in its running turn. `prompt`: at its next prompt. `command`: when it runs a command that
   * shows messages. `registration`: when it registers. `operator`: the human is shown it.
   */
  expect: "woken" | "turn" | "prompt" | "command" | "registration" | "operator";
  /** The same in words, to follow the session's id: `will see it at its next prompt`. */
  says: string;
  /** Why it was not woken although that was asked for; null otherwise. */
  unwoken: "working" | "policy" | "loop" | "no way" | "awaiting permission" | null;
}

const timeoutMs = 1900;

export interface WakeAttempt {
  message_id: number;
  sender_id: string;
  recipient_id: string;
  /** The recipient before the message was written; null where it is no live session. */
  record: SessionRecord | null;
  priority: number;
  /** The sender asks for waking, whatever the priority. */
  wanted: boolean;
}

const allows = (policy: WakePolicy, priority: number): boolean =>
  policy === "all" || (policy === "critical" && priority >= 3);

/** Wakes an idle recipient where wanted and allowed; forecasts the delivery. Never throws: the message is committed already. */
export async function wakeRecipient(
  bus: Bus,
  attempt: WakeAttempt,
  liveness: Liveness,
): Promise<DeliveryForecast> {
  const { recipient_id: session_id, record, priority } = attempt;
  const known = (expect: DeliveryForecast["expect"]): DeliveryForecast => ({
    ...{ session_id, reachability: null, wake: null, expect, unwoken: null },
    says: summaries[expect],
  });
  if (session_id === operatorId) return known("operator");
  if (!record) return known("registration");
  const reachability = reachabilityOf(record, liveness.judge(record), bus);
  const { wake, unwoken, alreadyWoken } = await tryWake(bus, attempt, record, liveness).catch(
    (error: Error): WakeAttemptResult => ({
      wake: { way: "none", outcome: "failed", reason: error.message },
      unwoken: null,
      alreadyWoken: false,
    }),
  );
  const expect =
    wake?.outcome === "accepted" || alreadyWoken
      ? "woken"
      : reachability.now === "none"
        ? "command"
        : reachability.now === "turn" && priority >= 2
          ? "turn"
          : "prompt";
  const objection = wake ? unlessAccepted(wake) : unwoken && reasons[unwoken];
  const says = `${summaries[expect]}${objection ? ` (${objection})` : ""}`;
  return { session_id, reachability, wake, expect, says, unwoken };
}

const summaries: Record<DeliveryForecast["expect"], string> = {
  woken: "was woken",
  turn: "sees it in its running turn",
  prompt: "will see it at its next prompt",
  command: "reads it when it runs a command",
  registration: "gets it when it registers",
  operator: "is shown it by parley status and parley watch --operator",
};

const reasons: Record<NonNullable<DeliveryForecast["unwoken"]>, string> = {
  working: "it works, and was not woken",
  policy: "its user does not let this message wake it",
  loop: "not woken: you two write to each other without a human",
  "no way": "it cannot be woken",
  "awaiting permission": "its user has to answer it first",
};

/** Why waking did not succeed. The vendor's reason is untrusted text. */
function unlessAccepted({ outcome, reason }: WakeResult): string | null {
  if (outcome === "accepted") return null;
  if (outcome === "held") return "waking it waits for its user's consent";
  return `waking it ${outcome === "refused" ? "was refused" : "failed"}: ${sanitizeLine(reason ?? "", 200)}`;
}

interface WakeAttemptResult {
  wake: WakeResult | null;
  unwoken: DeliveryForecast["unwoken"];
  /** Another message has just woken it: it will see all that waits. */
  alreadyWoken: boolean;
}

async function tryWake(
  bus: Bus,
  attempt: WakeAttempt,
  record: SessionRecord,
  liveness: Liveness,
): Promise<WakeAttemptResult> {
  const none = (unwoken: DeliveryForecast["unwoken"]): WakeAttemptResult => ({
    wake: null,
    unwoken,
    alreadyWoken: false,
  });
  if (!attempt.wanted && attempt.priority < 3) return none(null);
  // Without hooks it is never known to be idle, and nothing would show it the message.
  if (record.activity === null) return none("no way");
  if (!allows(bus.agentWaker.policy(), attempt.priority)) return none("policy");
  if (liveness.judge(record).process_state !== "running" || !bus.agentWaker.methodFor(record)) {
    return none("no way");
  }
  const { sender_id, recipient_id: session_id, message_id } = attempt;
  const permit = await bus.store.permitWake({ session_id, sender_id }, liveness);
  if (permit === null) return none("no way");
  if (permit.kind === "already woken") return { wake: null, unwoken: null, alreadyWoken: true };
  if (permit.kind !== "go") return none(permit.kind);
  const wake = await bus.agentWaker.wake(permit.record, wakePrompt(sender_id), timeoutMs);
  await bus.store.recordWake({ message_id, session_id, ...wake }, bus.clock.now());
  return { wake, unwoken: null, alreadyWoken: false };
}
