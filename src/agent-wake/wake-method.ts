/** What a vendor's way is. */
import type { WakeResult, WakeMethod } from "../bus/agent-wake";
import type { SessionRecord } from "../bus/session";

export type Answer = Omit<WakeResult, "way">;

/** One vendor's way into its idle sessions. */
export interface VendorWaker {
  /** What can be seen of it without touching it; null where there is no way. Reads a few small files at most. */
  methodFor(record: SessionRecord): WakeMethod | null;
  /** Hands over one line. Gives up where the signal says so; may throw. */
  wake(record: SessionRecord, text: string, signal: AbortSignal): Promise<Answer>;
}

/** What a way may look at. */
export interface WakeEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const wakeAccepted: Answer = { outcome: "accepted", reason: null };
export const wakeHeld: Answer = { outcome: "held", reason: null };
export const wakeRefused = (reason: string): Answer => ({ outcome: "refused", reason });
export const wakeFailed = (reason: string): Answer => ({ outcome: "failed", reason });
