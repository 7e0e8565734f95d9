/** The model, by arguments, environment and settings. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Environment } from "./vendor-environment";

interface ModelPlaces {
  /** Options of the agent's command line. */
  options: string[];
  variable?: string;
  /** The configuration file, and the way to the model in it. */
  file?: (home: string, env: Environment) => string;
  key?: string[];
}

const places: Record<string, ModelPlaces> = {
  claude: {
    options: ["--model"],
    variable: "ANTHROPIC_MODEL",
    file: (home, env) => join(env["CLAUDE_CONFIG_DIR"] || join(home, ".claude"), "settings.json"),
    key: ["model"],
  },
  codex: {
    options: ["--model", "-m"],
    variable: "CODEX_MODEL",
    file: (home, env) => join(env["CODEX_HOME"] || join(home, ".codex"), "config.toml"),
    key: ["model"],
  },
  gemini: {
    options: ["--model", "-m"],
    variable: "GEMINI_MODEL",
    file: (home) => join(home, ".gemini", "settings.json"),
    key: ["model", "name"],
  },
  kimi: {
    options: ["--model", "-m"],
    variable: "KIMI_MODEL_NAME",
    file: (home) => join(home, ".kimi-code", "config.toml"),
    key: ["default_model"],
  },
  opencode: {
    options: ["--model", "-m"],
    file: (home) => join(home, ".config", "opencode", "opencode.json"),
    key: ["model"],
  },
};

/** The model an agent was most likely started with; null where nothing says. `argv`: the agent's arguments. */
export function findModel(
  vendor: string | null,
  argv: readonly string[],
  env: Environment,
): string | null {
  const place = placesOf(vendor ?? "");
  const found =
    fromArguments(argv, place.options) ??
    text(place.variable === undefined ? undefined : env[place.variable]) ??
    fromFile(place, env);
  return found === null ? null : shortLabel(found);
}

/** The label in common use for a full model name: `claude-opus-4-6-20260205` is `opus-4.6`. Others stay as they are. */
export function shortLabel(model: string): string {
  const claude = /^claude-([a-z]+)-(\d{1,2})(?:-(\d{1,2}))?(?:-\d{8})?(\[\w+\])?$/.exec(model);
  if (claude) {
    const [, family, major, minor, context = ""] = claude;
    return `${family}-${major}${minor === undefined ? "" : `.${minor}`}${context}`;
  }
  return /^(?:gemini-(\d.*)|kimi-(k\d.*))$/.exec(model)?.slice(1).find(Boolean) ?? model;
}

const placesOf = (vendor: string): ModelPlaces =>
  (Object.hasOwn(places, vendor) ? places[vendor] : undefined) ?? { options: ["--model"] };

function fromArguments(argv: readonly string[], options: readonly string[]): string | null {
  for (let i = 0; i < argv.length && argv[i] !== "--"; i++) {
    const argument = argv[i]!;
    if (options.includes(argument)) return text(argv[i + 1]);
    const option = options.find((name) => name.startsWith("--") && argument.startsWith(`${name}=`));
    if (option !== undefined) return text(argument.slice(option.length + 1));
  }
  return null;
}

/** The file is somebody else's: whatever is wrong with it only means that it does not tell. */
function fromFile({ file, key = [] }: ModelPlaces, env: Environment): string | null {
  const home = env["HOME"] || env["USERPROFILE"];
  if (file === undefined || !home) return null;
  try {
    const path = file(home, env);
    // Mostly there is none, and an error costs more than a look.
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
