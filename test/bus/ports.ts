/** The ports of the rules over the store of a fixture. */
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

/** The rules' ports over a fixture: no listener, no session that can be woken, no host that answers, unless `more` gives one. */
export function busOf(
  fixture: Fixture,
  cwd: string,
  env: Record<string, string> = {},
  more: Partial<Bus> = {},
): Bus {
  return {
    store: fixture.store,
    identity: { ...bound(identityIn(cwd, env)), processes: runningProcesses },
    clock: { now: () => fixture.at },
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

/** Every process is running. */
const runningProcesses: Bus["identity"]["processes"] = {
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
