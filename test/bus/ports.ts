/** What the rules are given besides a store. */
import { join } from "node:path";

import type { Bus } from "../../src/bus/bus";
import { defaultSettings } from "../../src/bus/settings";
import { createIdentity } from "../../src/identity/identity";
import type { World } from "./world";

export const identityIn = (cwd: string, env: Record<string, string> = {}) =>
  createIdentity({
    env,
    cwd,
    dataDirectory: join(cwd, "data"),
    session: env["PARLEY_SESSION"] ?? null,
  });

/** The rules' ports over a world: nobody waits, nobody can be woken, no host answers, unless `more` says otherwise. */
export function busOf(
  world: World,
  cwd: string,
  env: Record<string, string> = {},
  more: Partial<Bus> = {},
): Bus {
  return {
    store: world.store,
    identity: { ...bound(identityIn(cwd, env)), processes: noProcesses },
    clock: { now: () => world.at },
    wake: {
      ring: () => {},
      keepOnly: () => {},
      listen: async () => ({ source: "none", stop: async () => {} }),
    },
    reach: {
      policy: () => "never",
      wayTo: () => null,
      ring: async () => ({ way: "none", outcome: "failed", reason: null }),
    },
    hosts: { canAnswer: () => false, ask: async () => new Map() },
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
  near: (vendor) => identity.near(vendor),
  vendorOf: (program) => identity.vendorOf(program),
  clues: () => ({ ...identity.clues(), ancestors: [], tty: null }),
  above: () => [],
  project: (cwd) => identity.project(cwd),
  directory: (path) => identity.directory(path),
  self: () => identity.self(),
  file: (path) => identity.file(path),
});
