/** Port: who is calling. */
import type { LockTarget } from "./lock";
import type { ProcessControl, ProcessEvidence, ProcessTable } from "./process";

/** The agent process that a registration is about. */
export interface Agent {
  /** `claude`, `codex`, …; null where nothing tells. */
  vendor: string | null;
  /** How the vendor was found, for `--verbose`: "--llm", "process claude", "environment CLAUDECODE". */
  vendor_source: string | null;
  model: string | null;
  pid: number;
  /** Null where the pid names no process that can be seen from here. */
  evidence: ProcessEvidence | null;
  /** `pid` where the process is a known agent or was named with --pid, so that its end is the session's end. */
  liveness: "pid" | "heartbeat";
  /** The process hosts several sessions (Codex's app-server daemon): no proof that a session lives. */
  shared_host: boolean;
  /** The agent's conversation id, from its vendor's environment variable. */
  conversation_id: string | null;
  /** Controlling terminal such as `/dev/pts/3`. */
  tty: string | null;
  /** Working directory of the agent process, as a real path. */
  cwd: string;
}

export interface Machine {
  machine_uuid: string;
  hostname: string;
}

/** Where a project id came from. */
export type ProjectSource = "--project" | "PARLEY_PROJECT" | "CODITECT_PROJECT" | "git" | "none";

export interface ProjectFinding {
  project_id: string | null;
  source: ProjectSource;
  /** Top directory of the project (the main repository's working tree), where there is one. */
  root: string | null;
}

/**
 * What the calling process knows about which session it belongs to, in order of strength. Where agents run inside
 * agents the nearest decides: nothing of an outer one is among its clues.
 */
export interface CallerEvidence {
  /** `--session` or PARLEY_SESSION: taken as it is. */
  session: string | null;
  /** Processes above the caller, nearest first, up to the nearest agent. */
  ancestors: ProcessEvidence[];
  /** Conversation ids that this agent's vendor put into the environment. */
  conversation_ids: string[];
  /** Null where an agent is above: its processes say more. */
  tty: string | null;
}

export interface AgentRequest {
  /** `--pid` */
  pid?: number | undefined;
  /** `--llm` */
  vendor?: string | undefined;
  /** `--model` */
  model?: string | undefined;
  /** `--cwd` */
  cwd?: string | undefined;
  /** Only an agent of `vendor` is meant, however near one of another vendor is: its own hook calls. */
  own?: boolean | undefined;
}

/** Port: who is calling, and on which machine. */
export interface Identity {
  readonly processes: ProcessTable & ProcessControl;
  machine(): Machine;
  agent(request: AgentRequest): Agent;
  /** Pids of which one mostly is the agent's, by what costs nothing to know: what the vendor's variable says, the parent. */
  likelyPids(vendor: string): number[];
  /** The vendor of a program, by its name or path; one that is not known gives its own name. */
  vendorOf(program: string): string;
  callerEvidence(): CallerEvidence;
  project(cwd: string): ProjectFinding;
  /** The real path of a directory. Throws `not_found` where there is none. */
  directory(path: string): string;
  /** All processes above the caller, nearest first. */
  ancestors(): ProcessEvidence[];
  /** The calling process itself; null where the platform gives no evidence. */
  ownProcess(): ProcessEvidence | null;
  /** The real path that a path or `res:NAME` stands for. Throws `invalid`. */
  file(path: string): LockTarget;
}
