import type { Rung, Way } from "../bus/reach";
import type { SessionRecord } from "../bus/session";

export type Answer = Omit<Rung, "way">;

/** One vendor's way into its idle sessions. */
export interface VendorReach {
  /** What can be seen of it without touching it; null where there is no way. Reads a few small files at most. */
  wayTo(record: SessionRecord): Way | null;
  /** Hands over one line. Gives up where the signal says so; may throw. */
  ring(record: SessionRecord, text: string, signal: AbortSignal): Promise<Answer>;
}

/** What a way may look at. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const accepted: Answer = { outcome: "accepted", reason: null };
export const held: Answer = { outcome: "held", reason: null };
export const refused = (reason: string): Answer => ({ outcome: "refused", reason });
export const failed = (reason: string): Answer => ({ outcome: "failed", reason });
