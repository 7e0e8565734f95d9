/** The table of agents: one row each. */
import type { AgentKinds } from "../bus/bus";
import type { ParleyError } from "../bus/errors";
import type { Environment } from "../identity/known-agents";
import type { VendorSetup } from "../setup/vendor";
import { claude } from "./claude/agent";
import { codex } from "./codex/agent";
import type { AgentDefinition } from "./definition";
import { gemini } from "./gemini/agent";
import { kimi } from "./kimi/agent";
import { opencode } from "./opencode/agent";

/**
 * Every agent that is known. Where the environment has variables of several, the first counts: Codex's sandbox cuts the
 * ancestry for every command, so its variables are looked at first.
 */
export const agents: readonly AgentDefinition[] = [
  codex,
  gemini,
  opencode,
  claude,
  kimi,
  // Recognized by their published names alone.
  { name: "aider", programs: ["aider"] },
  { name: "amp", programs: ["amp", "@sourcegraph/amp"] },
  { name: "copilot", programs: ["copilot", "@github/copilot"] },
  { name: "cursor", programs: ["cursor-agent"] },
  { name: "qwen", programs: ["qwen", "@qwen-code/qwen-code"] },
];

const agentOf = (vendor: string): AgentDefinition | undefined =>
  agents.find(({ name }) => name === vendor);

export const agentKinds: AgentKinds = {
  resumeCommand({ llm_vendor, session_uuid }) {
    const resume = agentOf(llm_vendor)?.resume;
    return resume && session_uuid !== null && resume.id.test(session_uuid)
      ? `${resume.command} ${session_uuid}`
      : null;
  },
  showsMessagesMidTurn: (vendor) => agentOf(vendor)?.noMidTurnContext !== true,
  originOf(meta) {
    for (const { name, conversationIn } of agents) {
      const conversation = conversationIn?.(meta) ?? null;
      if (conversation !== null) return { vendor: name, conversation };
    }
    return null;
  },
};

/** The agents that setup knows, in the order of their names. */
export const agentSetups = (): Promise<VendorSetup[]> =>
  Promise.all(
    agents
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(({ setup }) => (setup ? [setup()] : [])),
  );

/** The error `not_permitted`, with an agent's own advice where its sandbox is the cause. */
export async function explainRefusal(error: ParleyError, env: Environment): Promise<ParleyError> {
  for (const agent of agents) {
    const explained = await agent.explainRefusal?.(error, env);
    if (explained) return explained;
  }
  return error;
}
