/** What the rules are given besides a store. */
import { join } from "node:path";

import { agentKinds, agents } from "../../src/agents/agents";
import type { Bus } from "../../src/bus/bus";
import { defaultSettings } from "../../src/bus/settings";
import { createIdentity } from "../../src/identity/identity";
import type { Fixture } from "./fixture";

export const identityIn = (cwd: string, env: Record<string, string> = {}) =>
  createIdentity({
    agents,
    env,
    cwd,
    dataDirectory: join(cwd, "data"),
    session: env["PARLEY_SESSION"] ?? null,
  });

/** The rules' ports over a world: nobody waits, nobody can be woken, no host answers, unless `more` says otherwise. */
export function busOf(
  world: Fixture,
  cwd: string,
  env: Record<string, string> = {},
  more: Partial<Bus> = {},
): Bus {
  return {
    store: world.store,
    identity: { ...bound(identityIn(cwd, env)), processes: noProcesses },
    clock: { now: () => world.at },
    changeSignal: {
      notify: () => {},
      prune: () => {},
      listen: async () => ({ source: "none", stop: async () => {} }),
    },
    agentWaker: {
      policy: () => "never",
      methodFor: () => null,
      wake: async () => ({ way: "none", outcome: "failed", reason: null }),
    },
    sharedHosts: { canAnswer: () => false, ask: async () => new Map() },
    agentKinds,
    settings: defaultSettings,
    ...more,
  };
}

/** Every process of the contract's world runs. */
const noProcesses: Bus["identity"]["processes"] = {
  source: "/proc",
  state: () => "running",
  uptimeSeconds: () => null,
  cpuSeconds: () => null,
  signal: () => "refused",
};

const bound = (identity: Bus["identity"]): Bus["identity"] => ({
  processes: identity.processes,
  machine: () => identity.machine(),
  agent: (request) => identity.agent(request),
  likelyPids: (vendor) => identity.likelyPids(vendor),
  vendorOf: (program) => identity.vendorOf(program),
  callerEvidence: () => ({ ...identity.callerEvidence(), ancestors: [], tty: null }),
  ancestors: () => [],
  project: (cwd) => identity.project(cwd),
  directory: (path) => identity.directory(path),
  ownProcess: () => identity.ownProcess(),
  file: (path) => identity.file(path),
});
