/** Port: what the rules have to know of the agents of a vendor. */
import type { SessionRecord } from "./session";

/** Port: what the rules have to know of the agents of a vendor, by the vendor in a session's row. */
export interface AgentKinds {
  /** The command that continues a session's conversation, to be run in its directory; null where none is known. */
  resumeCommand(record: Pick<SessionRecord, "llm_vendor" | "session_uuid">): string | null;
  /** Whether hooks can show its model messages while a turn goes on. */
  showsMessagesMidTurn(vendor: string): boolean;
}
