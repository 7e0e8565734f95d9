/** What an agent offers for waking its idle sessions, and for asking a process that hosts several. */
import type { WakeResult, WakeMethod } from "../bus/agent-wake";
import type { SharedHosts } from "../bus/shared-hosts";
import type { SessionRecord } from "../bus/session";

export type WakeAnswer = Omit<WakeResult, "way">;

/** One vendor's way into its idle sessions. */
export interface VendorWaker {
  /** What can be seen of it without touching it; null where there is no way. Reads a few small files at most. */
  methodFor(record: SessionRecord): WakeMethod | null;
  /** Hands over one line. Gives up where the signal says so; may throw. */
  wake(record: SessionRecord, text: string, signal: AbortSignal): Promise<WakeAnswer>;
}

/** What a waker and a host's question may use. */
export interface WakeEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A process that hosts several sessions of this vendor, and can be asked which of them it still has. */
export interface VendorHost {
  /** As `SharedHosts` has them, for sessions of this vendor alone. */
  canAnswer: SharedHosts["canAnswer"];
  ask(
    records: readonly SessionRecord[],
    environment: WakeEnvironment,
    limit: number,
  ): ReturnType<SharedHosts["ask"]>;
}

/** What an agent offers of both. */
export interface WakeableAgent {
  name: string;
  waker?(environment: WakeEnvironment): VendorWaker;
  host?: VendorHost;
}

export const wakeAccepted: WakeAnswer = { outcome: "accepted", reason: null };
export const wakeHeld: WakeAnswer = { outcome: "held", reason: null };
export const wakeRefused = (reason: string): WakeAnswer => ({ outcome: "refused", reason });
export const wakeFailed = (reason: string): WakeAnswer => ({ outcome: "failed", reason });
