/** A bus that is read to be copied. */
import type { Claim } from "../bus/claim";
import type { Lock } from "../bus/lock";
import type { WakeColumns } from "./agent-wake";
import type { MessageRow } from "./message";
import type { LoopRow } from "./message-loop";
import type { SessionRow } from "./session";

/** A row of `deliveries`. */
export interface DeliveryRow extends WakeColumns {
  message_id: number;
  session_id: string;
  announced_at: string | null;
  delivered_at: string | null;
  read_at: string | null;
  how: string | null;
}

/** Reads message by message in the order of their ids. */
export interface Source {
  sessions(): SessionRow[];
  /** The first messages with a greater id, and their deliveries. */
  messages(after: number, limit: number): { messages: MessageRow[]; deliveries: DeliveryRow[] };
  locks(): Lock[];
  claims(): Claim[];
  loops(): LoopRow[];
  close(): void;
}
