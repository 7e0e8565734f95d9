/** What the table of agents holds of each: plain data, and the parts that are loaded when they are needed. */
import type { ParleyError } from "../bus/errors";
import type { HookedAgent } from "../hooks/event";
import type { WakeableAgent } from "../agent-wake/vendor-waker";
import type { AgentSigns, Environment } from "../identity/known-agents";
import type { VendorSetup } from "../setup/vendor";

export interface AgentDefinition extends AgentSigns, WakeableAgent, HookedAgent {
  name: string;
  resume?: ResumeCommand;
  /** Its model is told nothing between prompts. */
  noMidTurnContext?: true;
  setup?(): Promise<VendorSetup>;
  /** The conversation in the metadata of a call to the MCP server; null where there is none. */
  conversationIn?(this: void, meta: Readonly<Record<string, unknown>>): string | null;
  /** The error `not_permitted` with the advice that this agent's sandbox calls for; null where that is not its cause. */
  explainRefusal?(error: ParleyError, env: Environment): Promise<ParleyError | null>;
}

/** How a conversation is continued, by the vendors' own documentation. */
interface ResumeCommand {
  command: string;
  /** What the vendor's ids look like. Nothing else is put into a command line: another program may have written it. */
  id: RegExp;
}

/** The id of a conversation that is a UUID. */
export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-7][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
