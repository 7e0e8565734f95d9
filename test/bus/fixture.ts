/** The fixture of the contract tests: a store with a clock and processes that the test controls. */
import { afterEach, describe, test } from "bun:test";

import type { HookActivity } from "../../src/bus/hook-activity";
import type { ClaimRequest } from "../../src/bus/claim";
import type { Registration } from "../../src/bus/registration-target";
import { livenessAt, type Liveness } from "../../src/bus/liveness";
import type { LockRequest } from "../../src/bus/lock";
import type { ProcessEvidence, ProcessState, ProcessTable } from "../../src/bus/process";
import { defaultSettings, type Settings } from "../../src/bus/settings";
import type { MessageDraft } from "../../src/bus/message";
import type { Store } from "../../src/bus/store";
import { type Adapter, adapters } from "./stores";

/** A store of one adapter, with a clock and processes that the test controls. */
export interface Fixture {
  store: Store;
  /** Another connection, like that of another process; from that machine where the adapter distinguishes machines. */
  another(machineUuid?: string): Promise<Store>;
  at: number;
  liveness(): Liveness;
  /** Processes by pid; those not listed are running. */
  processes: Map<number, ProcessState>;
}

export const day = 24 * 3600 * 1000;
export const start = Date.parse("2026-02-11T00:15:22.000Z");

/** Declares the same tests for every adapter; each test gets its own bus. */
export function contract(
  title: string,
  tests: (fixture: (settings?: Settings) => Promise<Fixture>, adapter: Adapter) => void,
): void {
  for (const adapter of adapters) {
    const name = `${title} on ${adapter.name}`;
    if (adapter.missing !== null) {
      test.skip(`${name}: ${adapter.missing}`, () => {});
      continue;
    }
    describe(name, () => {
      const cleanups: (() => Promise<void>)[] = [];
      afterEach(async () => {
        for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
      });
      tests(async (settings = defaultSettings) => {
        const bus = await adapter.create(settings);
        cleanups.push(bus.remove);
        const connect = async (machineUuid?: string): Promise<Store> => {
          const store = await bus.open(machineUuid);
          cleanups.push(() => store.close());
          return store;
        };
        const processes = new Map<number, ProcessState>();
        const table: ProcessTable = {
          state: ({ pid }) => processes.get(pid) ?? "running",
          uptimeSeconds: () => 1,
          source: "/proc",
        };
        const fixture: Fixture = {
          store: await connect(),
          another: connect,
          at: start,
          liveness: () => livenessAt(table, fixture.at, settings),
          processes,
        };
        return fixture;
      }, adapter);
    });
  }
}

export const evidenceOf = (pid: number, start_ticks = "100"): ProcessEvidence => ({
  boot_id: "boot-1",
  host_id: "host-1",
  pid_namespace: "4026531836",
  pid,
  start_ticks,
});

/** A registration of a vendor's agent, with defaults for what the test does not depend on. */
export function agent(
  llm_vendor: string,
  pid: number,
  more: Partial<Registration> = {},
): Registration {
  return {
    session_id: null,
    session_uuid: `uuid-${llm_vendor}-${pid}`,
    session_uuid_known: false,
    machine_uuid: "machine-1",
    hostname: "host",
    llm_vendor,
    llm_model: null,
    project_id: null,
    task_id: null,
    tty: null,
    cwd: `/home/you/${llm_vendor}-${pid}`,
    pid,
    evidence: evidenceOf(pid),
    liveness: "pid",
    promised_beats: false,
    shared_host: false,
    name: null,
    ...more,
  };
}

/** Registers one agent of each vendor with that pid: `claude-1` and the like. */
export async function registerAgents(
  w: Fixture,
  vendors: Readonly<Record<string, number>>,
  more: (vendor: string) => Partial<Registration> = () => ({}),
): Promise<Fixture> {
  for (const [vendor, pid] of Object.entries(vendors)) {
    await w.store.registerSession(agent(vendor, pid, more(vendor)), w.liveness());
  }
  return w;
}

/** A registration whose conversation is known and called like its vendor. */
export const conversation = (vendor: string): Partial<Registration> => ({
  session_uuid: vendor,
  session_uuid_known: true,
});

export const lockRequest = (
  session_id: string,
  paths: readonly string[],
  more: Partial<LockRequest> = {},
): LockRequest => ({
  session_id,
  targets: paths.map((file_path) => ({ file_path, repository: null, repository_path: null })),
  lock_type: "advisory",
  ttl: null,
  force: false,
  waiting: null,
  ticket: null,
  ...more,
});

export const claimRequest = (
  session_id: string,
  task_id: string,
  more: Partial<ClaimRequest> = {},
): ClaimRequest => ({ session_id, task_id, ttl: null, waiting: null, ticket: null, ...more });

/** An event of an agent that changes nothing but the heartbeat. */
export const hookActivity = (
  llm_vendor: string,
  session_uuid: string,
  pid: number,
  more: Partial<HookActivity> = {},
): HookActivity => ({
  ...{ llm_vendor, session_uuid, likelyPids: [pid], activity: null, edited: [], ends_turn: false },
  mail_from: null,
  ...more,
});

export const draft = (
  sender_id: string,
  recipient: string,
  more: Partial<MessageDraft> = {},
): MessageDraft => ({
  sender_id,
  sender_session_uuid: null,
  recipients: { ids: [recipient] },
  channel: "coordination",
  payload: { message: "hello", from: sender_id },
  message_type: "directed",
  priority: 2,
  project_id: null,
  task_id: null,
  reply_to: null,
  ...more,
});

export const texts = (messages: readonly { payload: Record<string, unknown> }[]): unknown[] =>
  messages.map((message) => message.payload["message"]);

/** A query for the newest messages of all sessions, directed or not. */
export const everything = (limit: number) => ({ limit, channels: null, directed: "all" as const });
