/** Port: identity: the calling agent, its machine and project, and the evidence of its session. */
import type { LockTarget } from "./lock";
import type { ProcessControl, ProcessEvidence, ProcessTable } from "./process";

export interface Agent {
  /** `claude`, `codex`, …; null where it is unknown. */
  vendor: string | null;
  /** How the vendor was found, for `--verbose`: "--llm", "process claude", "environment CLAUDECODE". */
  vendor_source: string | null;
  model: string | null;
  pid: number;
  /** Null where the pid names no process that can be seen from here. */
  evidence: ProcessEvidence | null;
  /** `pid` where the process is a known agent or was given with --pid, so that its end is the session's end. */
  liveness: "pid" | "heartbeat";
  /** The process hosts several sessions (Codex's app-server daemon): that it runs does not prove that one of them lives. */
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

export type ProjectSource = "--project" | "PARLEY_PROJECT" | "CODITECT_PROJECT" | "git" | "none";

export interface ProjectFinding {
  project_id: string | null;
  source: ProjectSource;
  /** Top directory of the project (the main working tree of the repository); null where there is none. */
  root: string | null;
}

/** Evidence of the caller's session, the strongest first. Of nested agents the nearest decides: no outer one is in it. */
export interface CallerEvidence {
  /** `--session` or PARLEY_SESSION: taken as it is. */
  session: string | null;
  /** Processes above the caller, nearest first, up to the nearest agent. */
  ancestors: ProcessEvidence[];
  /** Conversation ids in the environment variables of this agent's vendor. */
  conversation_ids: string[];
  /** Null below an agent, whose processes are stronger evidence. */
  tty: string | null;
}

/** `--pid`, `--llm`, `--model` and `--cwd`. */
export interface AgentRequest {
  pid?: number | undefined;
  vendor?: string | undefined;
  model?: string | undefined;
  cwd?: string | undefined;
  /** Only an agent of `vendor` counts, even if one of another vendor is nearer: the call comes from its hook. */
  own?: boolean | undefined;
}

export interface Identity {
  readonly processes: ProcessTable & ProcessControl;
  machine(): Machine;
  agent(request: AgentRequest): Agent;
  /** Pids of which one is usually the agent's, found without cost: from the vendor's variable, and the parent. */
  likelyPids(vendor: string): number[];
  /** The vendor of a program, by its name or path; for an unknown program, its name. */
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
