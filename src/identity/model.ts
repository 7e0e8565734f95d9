/** Finds an agent's model in its arguments, its environment and its configuration. */
import { existsSync, readFileSync } from "node:fs";

import type { AgentSigns, Environment, ModelSource } from "./known-agents";

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
