/** What vendors' environments tell. */
import { ParleyError } from "../bus/errors";

export type Environment = Record<string, string | undefined>;

interface VendorVariables {
  vendor: string;
  /** Any of them set: a child of that vendor's agent. */
  signs: string[];
  /** They hold the id of the conversation, the best first. */
  conversation: string[];
  /** Holds the agent's own pid. */
  pid?: string;
}

/**
 * As seen in the children of running clients; Kimi sets none. The environment only decides where a sandbox cuts the
 * ancestry: Codex's does that for every command, so its variables are looked at first.
 */
const vendors: VendorVariables[] = [
  {
    vendor: "codex",
    signs: [
      ...["CODEX_THREAD_ID", "CODEX_SESSION_ID", "CODEX_SANDBOX"],
      ...["CODEX_SANDBOX_NETWORK_DISABLED", "CODEX_CI"],
    ],
    conversation: ["CODEX_SESSION_ID", "CODEX_THREAD_ID"],
  },
  {
    vendor: "gemini",
    signs: ["GEMINI_CLI", "GEMINI_SESSION_ID"],
    conversation: ["GEMINI_SESSION_ID"],
  },
  {
    vendor: "opencode",
    signs: ["OPENCODE"],
    // Our plugin sets it.
    conversation: ["OPENCODE_SESSION_ID"],
    pid: "OPENCODE_PID",
  },
  {
    vendor: "claude",
    signs: ["CLAUDECODE"],
    conversation: ["CLAUDE_CODE_SESSION_ID"],
    pid: "CLAUDE_PID",
  },
];

/** `--llm` as given. Throws `invalid` where it cannot be a vendor's name. */
export function checkVendor(name: string): string {
  if (/^[a-z][a-z0-9_]*$/.test(name)) return name;
  throw new ParleyError("invalid", `"${name}" is not a vendor name`, {
    hint: "a vendor is lower-case letters, digits and _, starting with a letter: --llm claude",
  });
}

/** The vendor whose variables are set, and the first of them. */
export function vendorFromEnvironment(
  env: Environment,
): { vendor: string; variable: string } | null {
  for (const { vendor, signs } of vendors) {
    const variable = signs.find((name) => env[name]);
    if (variable !== undefined) return { vendor, variable };
  }
  return null;
}

/** The conversation id that this vendor's agent gave its children. */
export function conversationId(env: Environment, vendor: string | null): string | null {
  const names = vendors.find((entry) => entry.vendor === vendor)?.conversation ?? [];
  return names.map((name) => env[name]).find(Boolean) ?? null;
}

/** All conversation ids in the environment, each with its vendor. */
export function conversations(env: Environment): { vendor: string; id: string }[] {
  const found: { vendor: string; id: string }[] = [];
  for (const { vendor, conversation } of vendors) {
    for (const name of conversation) {
      const id = env[name];
      if (id) found.push({ vendor, id });
    }
  }
  return found;
}

/** The agent's pid by its own word, for systems that do not show ancestors. */
export function pidFromEnvironment(env: Environment, vendor: string | null): number | null {
  const name = vendors.find((entry) => entry.vendor === vendor)?.pid;
  const pid = Number(name === undefined ? undefined : env[name]);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
}
