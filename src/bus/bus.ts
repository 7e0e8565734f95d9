/** The ports and settings that every rule works with. */
import type { Clock } from "./clock";
import type { SharedHosts } from "./shared-hosts";
import type { Identity } from "./identity";
import type { AgentWaker } from "./agent-wake";
import type { SessionRecord } from "./session";
import type { Settings } from "./settings";
import type { Store } from "./store";
import type { ChangeSignal } from "./change-signal";

/** The conversation from which a tool of the MCP server was called. */
export interface CallOrigin {
  vendor: string;
  conversation: string;
}

/** Port: what rules and MCP server have to know of agents, by the vendor in a session's row. */
export interface AgentKinds {
  /** The command that continues a session's conversation, to be run in its directory; null where none is known. */
  resumeCommand(record: Pick<SessionRecord, "llm_vendor" | "session_uuid">): string | null;
  /** Whether hooks can show its model messages while a turn goes on. */
  showsMessagesMidTurn(vendor: string): boolean;
  /** The conversation that the metadata of a call to the MCP server names; null where it names none. */
  originOf(meta: Readonly<Record<string, unknown>>): CallOrigin | null;
}

/** Port: sends heartbeats for a session where the bus spans machines: other machines cannot see its process. */
export interface HeartbeatProcess {
  /** Between two heartbeats. */
  readonly seconds: number;
  /** Starts it, unless it runs already; it ends with the session's process. Never throws. */
  start(sessionId: string): void;
}

export interface Bus {
  store: Store;
  identity: Identity;
  clock: Clock;
  changeSignal: ChangeSignal;
  agentWaker: AgentWaker;
  sharedHosts: SharedHosts;
  agentKinds: AgentKinds;
  settings: Settings;
  /** Only where the bus spans machines. */
  heartbeatProcess?: HeartbeatProcess;
}
