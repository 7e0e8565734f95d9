/** What an agent's variables, arguments and configuration say: vendor, conversation, pid and model. */
import { existsSync, readFileSync } from "node:fs";

import { ParleyError } from "../bus/errors";
import type { AgentSigns, Environment, ModelSource } from "./known-agents";

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

/** The model an agent was most likely started with; null where nothing says. `argv`: the agent's arguments. */
export function findModel(
  agents: readonly AgentSigns[],
  vendor: string | null,
  argv: readonly string[],
  env: Environment,
): string | null {
  const source = agents.find(({ name }) => name === vendor)?.model ?? { options: ["--model"] };
  const found =
    fromArguments(argv, source.options) ??
    text(source.variable === undefined ? undefined : env[source.variable]) ??
    fromFile(source, env);
  return found === null ? null : shortLabel(agents, found);
}

/** The label in common use for a full model name: `claude-opus-4-6-20260205` is `opus-4.6`. Others stay as they are. */
export function shortLabel(agents: readonly AgentSigns[], model: string): string {
  for (const agent of agents) {
    const label = agent.shortModel?.(model);
    if (label) return label;
  }
  return model;
}

function fromArguments(argv: readonly string[], options: readonly string[]): string | null {
  for (let i = 0; i < argv.length && argv[i] !== "--"; i++) {
    const argument = argv[i]!;
    if (options.includes(argument)) return text(argv[i + 1]);
    const option = options.find((name) => name.startsWith("--") && argument.startsWith(`${name}=`));
    if (option !== undefined) return text(argument.slice(option.length + 1));
  }
  return null;
}

/** The file is the agent's own: one that cannot be read only leaves the model unknown. */
function fromFile({ file, key = [] }: ModelSource, env: Environment): string | null {
  const home = env["HOME"] || env["USERPROFILE"];
  if (file === undefined || !home) return null;
  try {
    const path = file(home, env);
    // Mostly there is none, and an error costs more than this test.
    if (!existsSync(path)) return null;
    const source = readFileSync(path, "utf8");
    let value: unknown = path.endsWith(".toml") ? Bun.TOML.parse(source) : Bun.JSONC.parse(source);
    for (const name of key) value = (value as Record<string, unknown>)[name];
    return text(value);
  } catch {
    return null;
  }
}

function text(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const trimmed = value.trim();
  return trimmed !== "" && trimmed.length <= 100 && !/[\0-\x1f\x7f]/.test(trimmed) ? trimmed : null;
}
