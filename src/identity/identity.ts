/** Adapter: identifies the calling agent and session, its machine, project and files. */
import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";

import { ParleyError } from "../bus/errors";
import type {
  Agent,
  AgentRequest,
  CallerEvidence,
  Identity,
  Machine,
  ProjectFinding,
} from "../bus/identity";
import type { LockTarget } from "../bus/lock";
import type { ProcessControl, ProcessEvidence, ProcessTable } from "../bus/process";
import {
  checkVendor,
  conversationId,
  conversations,
  findModel,
  pidFromEnvironment,
  vendorFromEnvironment,
} from "./agent-environment";
import { type AgentSigns, type Environment, knownAgent, vendorOfProgram } from "./known-agents";
import {
  ancestorsOf,
  type Candidate,
  type Choice,
  evidenceOf,
  findProcess,
  nearestAgent,
  nearestLasting,
} from "./ancestry";
import { findFile } from "./files";
import { repositoryName } from "./git";
import { hostname, machineUuid } from "./machine";
import { createPlatform, createProcessTable, type Platform, type ProcessFacts } from "./platform";
import { argumentsOf } from "./program-name";
import { findProject } from "./project";

export interface IdentityOptions {
  env: Environment;
  /** The agents that are recognized; where variables of several are set, the first counts. */
  agents: readonly AgentSigns[];
  /** Where the machine's UUID is kept. */
  dataDirectory: string;
  /** The caller's working directory. */
  cwd: string;
  /** `--session` */
  session?: string | null;
  /** The bus spans machines, so repositories get a name that is the same on all of them. */
  acrossMachines?: boolean;
}

/** Everything is read when it is first asked for, and once. */
export const createIdentity = (options: IdentityOptions): Identity => new SystemIdentity(options);

class SystemIdentity implements Identity {
  #platform: Platform | undefined;
  #processes: (ProcessTable & ProcessControl) | undefined;
  #caller: ProcessFacts | null | undefined;
  #ancestors: Candidate[] | undefined;
  #agent: Choice | null | undefined;
  #machine: Machine | undefined;
  #projects = new Map<string, ProjectFinding>();

  constructor(private readonly options: IdentityOptions) {}

  get processes(): ProcessTable & ProcessControl {
    return (this.#processes ??= createProcessTable(this.platform));
  }

  machine(): Machine {
    return (this.#machine ??= {
      machine_uuid: machineUuid(this.options.dataDirectory),
      hostname: hostname(),
    });
  }

  project(cwd: string): ProjectFinding {
    const path = this.realPath(cwd);
    const finding = this.#projects.get(path) ?? findProject(path, this.options.env);
    this.#projects.set(path, finding);
    return finding;
  }

  ownProcess(): ProcessEvidence | null {
    return this.caller && evidenceOf(this.platform, this.caller);
  }

  file(path: string): LockTarget {
    const target = findFile(path, this.options.cwd);
    if (!this.options.acrossMachines || target.repository === null) return target;
    const machine = this.machine().machine_uuid;
    const { dataDirectory } = this.options;
    return {
      ...target,
      repository: repositoryName(target.repository, { dataDirectory, machineUuid: machine }),
    };
  }

  directory(path: string): string {
    const real = this.realPath(path);
    if (isDirectory(real)) return real;
    throw new ParleyError("not_found", `There is no directory ${JSON.stringify(path)}`, {
      hint: "check the path",
      details: { directory: real },
    });
  }

  callerEvidence(): CallerEvidence {
    const { env } = this.options;
    const session = this.options.session || env["PARLEY_SESSION"] || null;
    // A session that is named need not be looked for.
    if (session !== null) return { session, ancestors: [], conversation_ids: [], tty: null };
    return {
      session,
      ancestors: this.upToAgent().map((process) => evidenceOf(this.platform, process)),
      conversation_ids: this.conversationIds(),
      tty: this.knownAgent ? null : (this.caller?.tty ?? null),
    };
  }

  ancestors(): ProcessEvidence[] {
    return this.processesAbove.map((process) => evidenceOf(this.platform, process));
  }

  likelyPids(vendor: string): number[] {
    const named = this.namedPid(vendor);
    return named === null ? [process.ppid] : [named, process.ppid];
  }

  vendorOf(program: string): string {
    return vendorOfProgram(this.options.agents, program);
  }

  agent({ pid, vendor: llm, model, cwd, own }: AgentRequest): Agent {
    const { env, agents } = this.options;
    const named = llm === undefined ? null : { vendor: checkVendor(llm), source: "--llm" };
    const choice =
      pid !== undefined
        ? this.choose(pid)
        : ((own ? this.ownAgent(llm ?? null) : this.knownAgent) ??
          nearestLasting(agents, this.processesAbove));
    const agent = choice?.process ?? null;
    const { vendor, source } = named ?? this.findVendor(pid === undefined ? null : choice);
    const isVendors = choice?.known != null && choice.known.vendor === vendor;
    const conversation = conversationId(agents, env, vendor);
    const hosted = choice?.known?.shared_host ?? false;
    const isCallers = (): boolean => pid === undefined || agent === null || this.isAbove(agent);
    return {
      vendor,
      vendor_source: source,
      model: model || findModel(agents, vendor, isVendors ? argumentsOf(choice.process) : [], env),
      pid: agent?.pid ?? pid ?? this.namedPid(vendor) ?? process.ppid,
      evidence: agent && evidenceOf(this.platform, agent),
      liveness: agent && (pid !== undefined || choice?.known) ? "pid" : "heartbeat",
      shared_host: hosted,
      // The environment has the conversation of the caller's agent, and not that of another process.
      conversation_id: conversation !== null && isCallers() ? conversation : null,
      // Terminal and directory of a shared host belong to the session that has started it.
      tty: hosted ? null : (agent?.tty ?? null),
      cwd: this.realPath(
        cwd || (agent && !hosted && this.platform.cwd(agent.pid)) || this.options.cwd,
      ),
    };
  }

  private namedPid(vendor: string | null): number | null {
    return pidFromEnvironment(this.options.agents, this.options.env, vendor);
  }

  /** The nearest agent of this vendor; where its variable names the pid, a process of any name. */
  private ownAgent(vendor: string | null): Choice | null {
    const found = nearestAgent(this.options.agents, this.processesAbove, vendor);
    const named = this.namedPid(vendor);
    const above = this.processesAbove.find((process) => process.pid === named);
    if (found || !above || vendor === null) return found;
    return { process: above, known: { vendor, name: vendor, shared_host: false } };
  }

  private choose(pid: number): Choice | null {
    if (!Number.isSafeInteger(pid) || pid <= 0) {
      throw new ParleyError("invalid", `${pid} is not a process id.`, {
        hint: "A pid is a positive integer.",
      });
    }
    const process = findProcess(this.platform, pid);
    return process && { process, known: knownAgent(this.options.agents, process) };
  }

  /** `named`: the process given with --pid, which counts first. */
  private findVendor(named: Choice | null): { vendor: string | null; source: string | null } {
    const above =
      named &&
      (named.known
        ? named
        : nearestAgent(this.options.agents, ancestorsOf(this.platform, named.process)));
    const known = (above ?? this.knownAgent)?.known;
    if (known) return { vendor: known.vendor, source: `process ${known.name}` };
    const found = vendorFromEnvironment(this.options.agents, this.options.env);
    return found
      ? { vendor: found.vendor, source: `environment ${found.variable}` }
      : { vendor: null, source: null };
  }

  /** The ids of one vendor: an agent that runs inside another also has the other's ids in its environment. */
  private conversationIds(): string[] {
    const found = conversations(this.options.agents, this.options.env);
    const nearest = this.knownAgent?.known?.vendor ?? found[0]?.vendor;
    return [...new Set(found.flatMap(({ vendor, id }) => (vendor === nearest ? [id] : [])))];
  }

  /** Up to the nearest agent and its launchers right above it, since some start themselves again. Without an agent, all. */
  private upToAgent(): Candidate[] {
    const { processesAbove: ancestors, knownAgent: nearest } = this;
    if (!nearest) return ancestors;
    let end = ancestors.indexOf(nearest.process) + 1;
    while (
      end < ancestors.length &&
      knownAgent(this.options.agents, ancestors[end]!)?.vendor === nearest.known?.vendor
    )
      end++;
    return ancestors.slice(0, end);
  }

  private isAbove(agent: Candidate): boolean {
    return this.processesAbove.some((process) => process.pid === agent.pid);
  }

  private get platform(): Platform {
    return (this.#platform ??= createPlatform());
  }

  private get caller(): ProcessFacts | null {
    return (this.#caller ??= this.platform.caller());
  }

  private get processesAbove(): Candidate[] {
    return (this.#ancestors ??= this.caller ? ancestorsOf(this.platform, this.caller) : []);
  }

  private get knownAgent(): Choice | null {
    return this.#agent === undefined
      ? (this.#agent = nearestAgent(this.options.agents, this.processesAbove))
      : this.#agent;
  }

  private realPath(path: string): string {
    const absolute = resolve(this.options.cwd, path);
    try {
      return realpathSync(absolute);
    } catch {
      return absolute;
    }
  }
}

/** False also for a path that no file system could have, such as one with a name that is too long. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false;
  }
}
