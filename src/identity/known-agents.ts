/** Programs known to be agents. */
import { plain, type Program, programNames, scriptOf } from "./program-name";
import { isWrapper } from "./wrappers";

/** A program known to be a coding agent. */
export interface KnownAgent {
  vendor: string;
  /** The name it was known by. */
  name: string;
  /** It hosts several sessions in one process. */
  shared_host: boolean;
}

/** Program name → vendor. The first five as seen in running clients, the others by their published names. */
const vendorByName: Record<string, string> = {
  claude: "claude",
  codex: "codex",
  gemini: "gemini",
  kimi: "kimi",
  "kimi-code": "kimi",
  "kimi-cli": "kimi",
  opencode: "opencode",
  aider: "aider",
  amp: "amp",
  copilot: "copilot",
  "cursor-agent": "cursor",
  qwen: "qwen",
};

/** npm package or Python module → vendor. */
const vendorByPackage: Record<string, string> = {
  "@anthropic-ai/claude-code": "claude",
  "@openai/codex": "codex",
  "@google/gemini-cli": "gemini",
  "@moonshot-ai/kimi-code": "kimi",
  kimi_cli: "kimi",
  "opencode-ai": "opencode",
  "@sourcegraph/amp": "amp",
  "@github/copilot": "copilot",
  "@qwen-code/qwen-code": "qwen",
};

/** Which agent a process is, if any. A directory that merely bears an agent's name proves nothing. */
export function knownAgent(program: Program): KnownAgent | null {
  const name = agentName(program);
  // Codex's sandbox is Codex's own program under another name, and gone after one command.
  if (name === null || isWrapper(program)) return null;
  const vendor = vendorOf(name)!;
  // Codex serves its terminal clients and editors from one `codex app-server` process; OpenCode keeps every conversation
  // that its user begins.
  const shared_host =
    vendor === "opencode" || (vendor === "codex" && program.argv.includes("app-server"));
  return { vendor, name, shared_host };
}

function agentName(program: Program): string | null {
  const names = programNames(program);
  const versioned = versionOf(program.argv[0] ?? "");
  const script = scriptOf(program);
  if (versioned !== null) names.push(versioned);
  if (script !== null) names.push(packageOf(script) ?? plain(script));
  return names.find((name) => vendorOf(name) !== undefined) ?? null;
}

const vendorOf = (name: string): string | undefined =>
  Object.hasOwn(vendorByName, name)
    ? vendorByName[name]
    : Object.hasOwn(vendorByPackage, name)
      ? vendorByPackage[name]
      : undefined;

/** By the program's name, in the form of a vendor's name where it is unknown. */
export function vendorOfProgram(path: string): string {
  const name = plain(path);
  const own = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+/, "")
    .slice(0, 64)
    .replace(/_+$/, "");
  return vendorOf(name) ?? (own || "agent");
}

/** Claude's native installation runs itself again as `…/claude/versions/2.1.329`. */
function versionOf(path: string): string | null {
  const [name, versions] = path.split("/").slice(-3);
  return versions === "versions" && name ? name : null;
}

/** The package whose file this is: the directory right below the last `node_modules`. */
function packageOf(path: string): string | null {
  const at = path.lastIndexOf("/node_modules/");
  if (at < 0) return null;
  const [first = "", second = ""] = path.slice(at + "/node_modules/".length).split("/");
  if (first === ".bin") return second;
  return first.startsWith("@") ? `${first}/${second}` : first;
}
