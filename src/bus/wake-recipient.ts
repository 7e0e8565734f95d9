/** Waking whom a message is to wake, and what its sender can expect. */
import type { Bus } from "./bus";
import { sanitizeLine } from "./untrusted-text";
import { operatorId } from "./message";
import type { Liveness } from "./liveness";
import type { WakePolicy } from "./preferences";
import { wakePrompt, reachabilityOf, type Reachability, type WakeResult } from "./agent-wake";
import type { SessionRecord } from "./session";

/** When a recipient is going to see what was just sent to it. */
export interface DeliveryForecast {
  session_id: string;
  /** Null where it is no live session. */
  reachability: Reachability | null;
  /** The doorbell that was rung for this message; null where none was. */
  wake: WakeResult | null;
  /**
   * `woken`: at once. `turn`: in its running turn. `prompt`: at its next prompt. `command`: when it runs a command that
   * shows messages. `registration`: when it registers. `operator`: the human is shown it.
   */
  expect: "woken" | "turn" | "prompt" | "command" | "registration" | "operator";
  /** The same in words, after the session's id: `will see it at its next prompt`. */
  says: string;
  /** Why it was not woken though that was asked for; null otherwise. */
  unwoken: "working" | "policy" | "loop" | "no way" | "awaiting permission" | null;
}

/** Milliseconds that waking may take all in all. */
const timeoutMs = 1900;

export interface WakeAttempt {
  message_id: number;
  sender_id: string;
  recipient_id: string;
  /** As it was before the message was written; null for no live session. */
  record: SessionRecord | null;
  priority: number;
  /** The sender asks for it, whatever the priority. */
  wanted: boolean;
}

const allows = (policy: WakePolicy, priority: number): boolean =>
  policy === "all" || (policy === "critical" && priority >= 3);

/**
 * Rings where that is wanted, its recipient's user allows it and the recipient idles, and says what the sender can expect.
 * Called once the message is committed; never throws, since the message is safe.
 */
export async function wakeRecipient(
  bus: Bus,
  bell: WakeAttempt,
  liveness: Liveness,
): Promise<DeliveryForecast> {
  const { recipient_id: session_id, record, priority } = bell;
  const known = (expect: DeliveryForecast["expect"]): DeliveryForecast => ({
    ...{ session_id, reachability: null, wake: null, expect, unwoken: null },
    says: words[expect],
  });
  if (session_id === operatorId) return known("operator");
  if (!record) return known("registration");
  const found = lookedAt(bus, record, liveness);
  const { wake, unwoken, rung } = await tryWake(bus, bell, record, liveness).catch(
    (error: Error): WakeAttemptResult => ({
      wake: { way: "none", outcome: "failed", reason: error.message },
      unwoken: null,
      rung: false,
    }),
  );
  const expect =
    wake?.outcome === "accepted" || rung
      ? "woken"
      : found.now === "none"
        ? "command"
        : found.now === "turn" && priority >= 2
          ? "turn"
          : "prompt";
  const but = wake ? unlessAccepted(wake) : unwoken && reasons[unwoken];
  const says = `${words[expect]}${but ? ` (${but})` : ""}`;
  return { session_id, reachability: found, wake, expect, says, unwoken };
}

const words: Record<DeliveryForecast["expect"], string> = {
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

/** The vendor's own words are foreign. */
function unlessAccepted({ outcome, reason }: WakeResult): string | null {
  if (outcome === "accepted") return null;
  if (outcome === "held") return "waking it waits for its user's consent";
  return `waking it ${outcome === "refused" ? "was refused" : "failed"}: ${sanitizeLine(reason ?? "", 200)}`;
}

/** As it stands while it is sent to; what its files tell may be gone. */
const lookedAt = (bus: Bus, record: SessionRecord, liveness: Liveness): Reachability =>
  reachabilityOf(record, liveness.judge(record), bus);

interface WakeAttemptResult {
  wake: WakeResult | null;
  unwoken: DeliveryForecast["unwoken"];
  /** Somebody has rung just now: it comes for all that waits. */
  rung: boolean;
}

async function tryWake(
  bus: Bus,
  bell: WakeAttempt,
  record: SessionRecord,
  liveness: Liveness,
): Promise<WakeAttemptResult> {
  const none = (unwoken: DeliveryForecast["unwoken"]): WakeAttemptResult => ({
    wake: null,
    unwoken,
    rung: false,
  });
  if (!bell.wanted && bell.priority < 3) return none(null);
  // What no hook serves is never known to idle, and would not be shown the message.
  if (record.activity === null) return none("no way");
  if (!allows(bus.agentWaker.policy(), bell.priority)) return none("policy");
  if (liveness.judge(record).process_state !== "running" || !bus.agentWaker.methodFor(record)) {
    return none("no way");
  }
  const { sender_id, recipient_id: session_id, message_id } = bell;
  const leave = await bus.store.permitWake({ session_id, sender_id }, liveness);
  if (leave === null) return none("no way");
  if (leave.kind === "rung") return { wake: null, unwoken: null, rung: true };
  if (leave.kind !== "go") return none(leave.kind);
  const wake = await bus.agentWaker.wake(leave.record, wakePrompt(sender_id), timeoutMs);
  await bus.store.recordWake({ message_id, session_id, ...wake }, bus.clock.now());
  return { wake, unwoken: null, rung: false };
}
