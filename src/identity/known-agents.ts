/** Recognizes agents by the program, package or module that a process runs. */
import { plain, type Program, programNames, scriptOf } from "./program-name";
import { isWrapper } from "./wrappers";

export type Environment = Readonly<Record<string, string | undefined>>;

/** How the agents of one vendor are recognized. */
export interface AgentSigns {
  /** The vendor, in the form of `--llm`. */
  name: string;
  /** Its programs, npm packages and Python modules. */
  programs: readonly string[];
  /** Programs of its own that only run one command. */
  wrappers?: readonly string[];
  /** Whether a process with these arguments hosts several sessions. */
  isSharedHost?(argv: readonly string[]): boolean;
  environment?: AgentVariables;
  model?: ModelSource;
  /** The label in common use for a full model name; null for a name that is not of this vendor's models. */
  shortModel?(model: string): string | null;
}

/** What an agent sets in the environment of its children. */
export interface AgentVariables {
  /** Any of them set: a child of that vendor's agent. */
  signs: readonly string[];
  /** They hold the id of the conversation, the best first. */
  conversation: readonly string[];
  /** Holds the agent's own pid. */
  pid?: string;
}

/** Where the model that an agent was started with is named. */
export interface ModelSource {
  /** Options of the agent's command line. */
  options: readonly string[];
  variable?: string;
  /** The configuration file, and the way to the model in it. */
  file?(home: string, env: Environment): string;
  key?: readonly string[];
}

/** A process known to be a coding agent. */
export interface KnownAgent {
  vendor: string;
  /** The name it was known by. */
  name: string;
  /** It hosts several sessions in one process. */
  shared_host: boolean;
}

/** Which agent a process is, if any. A directory that merely bears an agent's name proves nothing. */
export function knownAgent(agents: readonly AgentSigns[], program: Program): KnownAgent | null {
  for (const name of namesOf(program)) {
    const agent = agentOf(agents, name);
    if (agent === undefined) continue;
    // An agent's sandbox may be its own program under another name, and gone after one command.
    if (isWrapper(agents, program)) return null;
    const shared_host = agent.isSharedHost?.(program.argv) ?? false;
    return { vendor: agent.name, name, shared_host };
  }
  return null;
}

function namesOf(program: Program): string[] {
  const names = programNames(program);
  const versioned = versionOf(program.argv[0] ?? "");
  const script = scriptOf(program);
  if (versioned !== null) names.push(versioned);
  if (script !== null) names.push(packageOf(script) ?? plain(script));
  return names;
}

const agentOf = (agents: readonly AgentSigns[], name: string): AgentSigns | undefined =>
  agents.find(({ programs }) => programs.includes(name));

/** By the program's name, in the form of a vendor's name where it is unknown. */
export function vendorOfProgram(agents: readonly AgentSigns[], path: string): string {
  const name = plain(path);
  const own = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+/, "")
    .slice(0, 64)
    .replace(/_+$/, "");
  return agentOf(agents, name)?.name ?? (own || "agent");
}

/** A native installation may run itself again as `…/claude/versions/2.1.329`. */
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
