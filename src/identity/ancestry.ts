/** The processes above the caller, and which of them stands for it. */
import type { ProcessEvidence } from "../bus/process";
import { type AgentSigns, knownAgent, type KnownAgent } from "./known-agents";
import type { Platform, ProcessFacts } from "./platform";
import { isShell } from "./program-name";
import { isInit, isWrapper } from "./wrappers";

/** No chain of parents is that long, but a listing taken while processes come and go could have a cycle in it. */
const maxDepth = 128;

/** A process together with its arguments, which are read when first asked for. */
export interface Candidate extends ProcessFacts {
  readonly argv: readonly string[];
}

export interface Choice {
  process: Candidate;
  known: KnownAgent | null;
}

/** The host's id is read when it is first needed: most comparisons need boot and start alone. */
export function evidenceOf(
  platform: Platform,
  { pid, start_ticks }: ProcessFacts,
): ProcessEvidence {
  const origin = platform.origin();
  const { boot_id, pid_namespace } = origin;
  return {
    boot_id,
    get host_id() {
      return origin.host_id;
    },
    pid_namespace,
    pid,
    start_ticks,
  };
}

/** A live process by its pid; null where none can be seen. */
export function findProcess(platform: Platform, pid: number): Candidate | null {
  const found = platform.find(pid);
  if (found === "gone" || found === "hidden" || /[ZXx]/.test(found.state)) return null;
  return withArgv(platform, found);
}

/** The processes above one, nearest first, as far as they can be seen. */
export function ancestorsOf(platform: Platform, start: ProcessFacts): Candidate[] {
  const chain: Candidate[] = [];
  let child = start;
  while (child.ppid > 0 && chain.length < maxDepth) {
    const parent = platform.find(child.ppid);
    if (parent === "gone" || parent === "hidden") break;
    // A parent younger than its child is another process, which got the pid of one that has just ended.
    if (Number(parent.start_ticks) > Number(child.start_ticks)) break;
    chain.push(withArgv(platform, parent));
    child = parent;
  }
  return chain;
}

/** The nearest agent, or the nearest of this vendor. */
export function nearestAgent(
  agents: readonly AgentSigns[],
  chain: readonly Candidate[],
  vendor: string | null = null,
): Choice | null {
  for (const process of chain) {
    const known = knownAgent(agents, process);
    if (known && (vendor === null || known.vendor === vendor)) return { process, known };
  }
  return null;
}

/** Without a known agent: the nearest process that outlives a command. Where all are wrappers, the outermost, which commands share. */
export function nearestLasting(
  agents: readonly AgentSigns[],
  chain: readonly Candidate[],
): Choice | null {
  const inner = chain.filter((process) => !isInit(process.pid, process));
  const lasting = inner.find(
    (process, i) => !isWrapper(agents, process) && !isSubshell(process, inner[i + 1]),
  );
  const process = lasting ?? inner.at(-1) ?? chain[0];
  return process ? { process, known: null } : null;
}

/** `( … )` and `$( … )` run in a fork of the shell that ends with them. */
const isSubshell = (process: Candidate, parent: Candidate | undefined): boolean =>
  parent !== undefined &&
  process.image !== "" &&
  process.image === parent.image &&
  isShell(process);

function withArgv(platform: Platform, facts: ProcessFacts): Candidate {
  let argv: string[] | undefined;
  return {
    ...facts,
    get argv() {
      return (argv ??= platform.argv(facts.pid));
    },
  };
}
