/** Reads vendor, conversation and pid from the variables that agents set for their children. */
import { ParleyError } from "../bus/errors";
import type { AgentSigns, Environment } from "./known-agents";

/** `--llm` as given. Throws `invalid` where it cannot be a vendor's name. */
export function checkVendor(name: string): string {
  if (/^[a-z][a-z0-9_]*$/.test(name)) return name;
  throw new ParleyError("invalid", `"${name}" is not a vendor name`, {
    hint: "a vendor is lower-case letters, digits and _, starting with a letter: --llm claude",
  });
}

/** The first vendor whose variables are set, and the first of them. */
export function vendorFromEnvironment(
  agents: readonly AgentSigns[],
  env: Environment,
): { vendor: string; variable: string } | null {
  for (const { name, environment } of agents) {
    const variable = environment?.signs.find((sign) => env[sign]);
    if (variable !== undefined) return { vendor: name, variable };
  }
  return null;
}

/** The conversation id that this vendor's agent gave its children. */
export const conversationId = (
  agents: readonly AgentSigns[],
  env: Environment,
  vendor: string | null,
): string | null => conversations(agents, env).find((each) => each.vendor === vendor)?.id ?? null;

/** All conversation ids in the environment, each with its vendor. */
export function conversations(
  agents: readonly AgentSigns[],
  env: Environment,
): { vendor: string; id: string }[] {
  const found: { vendor: string; id: string }[] = [];
  for (const { name: vendor, environment } of agents) {
    for (const variable of environment?.conversation ?? []) {
      const id = env[variable];
      if (id) found.push({ vendor, id });
    }
  }
  return found;
}

/** The pid that an agent names itself, for systems that do not show ancestors. */
export function pidFromEnvironment(
  agents: readonly AgentSigns[],
  env: Environment,
  vendor: string | null,
): number | null {
  const variable = agents.find(({ name }) => name === vendor)?.environment?.pid;
  const pid = Number(variable === undefined ? undefined : env[variable]);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
}
