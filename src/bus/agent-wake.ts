/** Port: waking an idle session; how each can be reached now. */
import type { Bus } from "./bus";
import type { Verdict } from "./liveness";
import type { WakePolicy } from "./preferences";
import type { SessionRecord } from "./session";

/** How a message gets to a session's model now, the quickest first. */
const deliveryWays = ["wake", "turn", "prompt", "none"] as const;

export interface Reachability {
  /**
   * `wake`: it is idle, and can be woken. `turn`: it works, and is shown urgent messages in its turn. `prompt`: it is shown
   * them once its user prompts or answers it. `none`: nothing of it asks for messages; it reads when it runs a command.
   */
  now: (typeof deliveryWays)[number];
  /** `hook`, or the vendor's way of waking; null for `none`. */
  by: string | null;
  /** When a message last got there that way, as its hooks have seen it; null where it never did. */
  last_worked_at: string | null;
}

/** A vendor's way into an idle session. */
export interface WakeMethod {
  /** As evidence names it: `claude socket`, `codex queue`, `opencode plugin`. */
  by: string;
  /** What goes in waits there for its user's consent. */
  held: boolean;
}

/** What the vendor's way answered to one ring. */
export interface WakeResult {
  way: string;
  /** `accepted`: it took the line. `held`: it took it, and its user has to let it through. `refused`: its user's settings turn it away. */
  outcome: "accepted" | "held" | "refused" | "failed";
  /** Why, for `refused` and `failed`; null otherwise. */
  reason: string | null;
}

/** One doorbell as it is kept with the message it was rung for. */
export interface WakeEvidence extends WakeResult {
  at: string;
}

export interface WakeRequest {
  session_id: string;
  /** Who wants to wake it: nobody does who is in a loop with it. */
  sender_id: string;
}

/**
 * `go`: it idles, and whoever else asks within ten seconds is told `rung`, until the session has begun and ended a turn or
 * the ring is noted as failed. `loop`: the two are in a loop. Otherwise what it is doing.
 */
export type WakePermit =
  | { kind: "go"; record: SessionRecord }
  | { kind: "rung" | "loop" | "working" | "awaiting permission" };

/**
 * Port: waking an idle session of an agent by its vendor's own way, without typing into anyone's terminal. Nothing of it
 * ever throws: who cannot be woken sees the message later.
 */
export interface AgentWaker {
  /** Which messages the user lets wake an idle session. */
  policy(): WakePolicy;
  /** The way into this session, as far as can be seen from here without touching it; null where there is none. */
  methodFor(record: SessionRecord): WakeMethod | null;
  /** Hands it one line of our own text, within `limit` milliseconds. */
  wake(record: SessionRecord, text: string, limit: number): Promise<WakeResult>;
}

/** The session can be reached now like this. A session of which no hook has said anything is shown nothing by hooks. */
export function reachabilityOf(
  record: SessionRecord,
  { status, process_state, ended }: Verdict,
  { agentWaker, agentKinds }: Pick<Bus, "agentWaker" | "agentKinds">,
): Reachability {
  const { activity, llm_vendor, hooked_at, woken_at } = record;
  const lost = status === "terminated" || ended !== null || process_state === "stopped";
  if (activity === null || lost) return { now: "none", by: null, last_worked_at: null };
  if (activity.state === "working" && agentKinds.showsMessagesMidTurn(llm_vendor)) {
    return { now: "turn", by: "hook", last_worked_at: hooked_at };
  }
  const idle = activity.state === "idle" && process_state === "running";
  const way = idle && agentWaker.policy() !== "never" ? agentWaker.methodFor(record) : null;
  return way && !way.held
    ? { now: "wake", by: way.by, last_worked_at: woken_at }
    : { now: "prompt", by: "hook", last_worked_at: hooked_at };
}

/** What a woken agent is told, beside which its hook puts the message. Nothing in it is another's but the sender's id. */
export const wakePrompt = (sender: string): string =>
  `parley: a message from ${sender} waits; it is shown beside this line, or with parley inbox`;

const wakePromptForm =
  /parley: a message from [A-Za-z0-9][A-Za-z0-9._-]* waits; it is shown beside this line/;

/** A prompt that our own doorbell has caused: no human has spoken. Vendors may have wrapped it. */
export const isWakePrompt = (prompt: string): boolean => wakePromptForm.test(prompt);
