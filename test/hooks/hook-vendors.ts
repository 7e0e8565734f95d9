/** The hooks of every vendor, by the name that the command line has for it. */
import { agents } from "../../src/agents/agents";
import type { VendorHooks } from "../../src/hooks/event";
import { generic } from "../../src/hooks/generic";

const loaded = await Promise.all(agents.map((agent) => agent.hooks?.()));

export const hookVendors: Readonly<Record<string, VendorHooks>> = Object.fromEntries(
  [...loaded, generic].flatMap((hooks) => (hooks ? [[hooks.name, hooks]] : [])),
);
