/** Port: waking an idle session; and how a message reaches each session now. */
import type { Bus } from "./bus";
import type { Verdict } from "./liveness";
import type { WakePolicy } from "./preferences";
import type { SessionRecord } from "./session";

/** How a message reaches a session's model now. */
export interface Reachability {
  /**
   * `wake`: it is idle, and can be woken. `turn`: it works, and its hooks show urgent messages in the running turn.
   * `prompt`: its hooks show messages once its user prompts or answers it. `none`: no hook asks for messages, so it reads
   * them when it runs a command.
   */
  now: "wake" | "turn" | "prompt" | "none";
  /** `hook`, or the method of waking, such as `claude socket`; null for `none`. */
  by: string | null;
  /** When a message last reached it that way, as its hooks recorded it; null: never. */
  last_worked_at: string | null;
}

/** A method by which a vendor's idle session can be woken. */
export interface WakeMethod {
  /** As evidence names it: `claude socket`, `codex queue`, `opencode plugin`. */
  by: string;
  /** What is sent by it waits for the consent of the session's user. */
  held: boolean;
}

/** The outcome of one attempt to wake a session. */
export interface WakeResult {
  way: string;
  /** `accepted`: it took the line. `held`: its user has to let the line through. `refused`: its user's settings forbid it. */
  outcome: "accepted" | "held" | "refused" | "failed";
  /** Why, for `refused` and `failed`; null otherwise. */
  reason: string | null;
}

/** An attempt to wake, as it is kept with the message that caused it. */
export interface WakeEvidence extends WakeResult {
  at: string;
}

export interface WakeRequest {
  session_id: string;
  /** The session that sent the message: it wakes no session with which it is in a loop. */
  sender_id: string;
}

/**
 * `go`: it is idle. Any other sender that asks within ten seconds gets `already woken`, until the session has begun and ended a
 * turn or the attempt is recorded as failed. `loop`: the two are in a loop. Otherwise the session's activity.
 */
export type WakePermit =
  | { kind: "go"; record: SessionRecord }
  | { kind: "already woken" | "loop" | "working" | "awaiting permission" };

/** Port: wakes an idle session by its vendor's own method, not by typing. Never throws: the session sees the message later. */
export interface AgentWaker {
  /** Which messages may wake an idle session, as the user chose. */
  policy(): WakePolicy;
  /** How this session can be woken, as far as can be told without contacting it; null: not at all. */
  methodFor(record: SessionRecord): WakeMethod | null;
  /** Gives the session one line of our own text, within `limit` milliseconds. */
  wake(record: SessionRecord, text: string, limit: number): Promise<WakeResult>;
}

/** How a session can be reached now. Hooks show nothing to a session of which no hook has ever been called. */
export function reachabilityOf(
  record: SessionRecord,
  { status, process_state, ended }: Verdict,
  { agentWaker, agentKinds }: Pick<Bus, "agentWaker" | "agentKinds">,
): Reachability {
  const { activity, llm_vendor, hooked_at, woken_at } = record;
  const unreachable = status === "terminated" || ended !== null || process_state === "stopped";
  if (activity === null || unreachable) return { now: "none", by: null, last_worked_at: null };
  if (activity.state === "working" && agentKinds.showsMessagesMidTurn(llm_vendor)) {
    return { now: "turn", by: "hook", last_worked_at: hooked_at };
  }
  const idle = activity.state === "idle" && process_state === "running";
  const method = idle && agentWaker.policy() !== "never" ? agentWaker.methodFor(record) : null;
  return method && !method.held
    ? { now: "wake", by: method.by, last_worked_at: woken_at }
    : { now: "prompt", by: "hook", last_worked_at: hooked_at };
}

/** The prompt that wakes an agent; its hook adds the message. Only the sender's id in it is text of another session. */
export const wakePrompt = (sender: string): string =>
  `parley: a message from ${sender} waits; it is shown beside this line, or with parley inbox`;

const wakePromptForm =
  /parley: a message from [A-Za-z0-9][A-Za-z0-9._-]* waits; it is shown beside this line/;

/** Whether a prompt is our own wake prompt rather than a human's. Vendors may have wrapped it. */
export const isWakePrompt = (prompt: string): boolean => wakePromptForm.test(prompt);
