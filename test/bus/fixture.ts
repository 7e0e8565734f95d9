/** A bus with processes and time made up. */
import { afterEach, describe, test } from "bun:test";

import type { HookActivity } from "../../src/bus/hook-activity";
import type { ClaimRequest } from "../../src/bus/claim";
import type { Registration } from "../../src/bus/registration-target";
import { livenessAt, type Liveness } from "../../src/bus/liveness";
import type { LockRequest } from "../../src/bus/lock";
import type { ProcessEvidence, ProcessState, ProcessTable } from "../../src/bus/process";
import { defaultSettings, type Settings } from "../../src/bus/settings";
import type { MessageDraft, Store } from "../../src/bus/store";
import { type Adapter, adapters } from "./stores";

/** A bus of one adapter, with a clock and processes that the test moves. */
export interface Fixture {
  store: Store;
  /** Another connection, as another process would have; of that machine where the adapter knows machines. */
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
  tests: (world: (settings?: Settings) => Promise<Fixture>, adapter: Adapter) => void,
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
        const world: Fixture = {
          store: await connect(),
          another: connect,
          at: start,
          liveness: () => livenessAt(table, world.at, settings),
          processes,
        };
        return world;
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

/** A registration of a vendor's agent; what is not given is of no matter to the test. */
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

/** Registers one of each vendor by its process: `claude-1` and the like. */
export async function arrive(
  w: Fixture,
  vendors: Readonly<Record<string, number>>,
  more: (vendor: string) => Partial<Registration> = () => ({}),
): Promise<Fixture> {
  for (const [vendor, pid] of Object.entries(vendors)) {
    await w.store.registerSession(agent(vendor, pid, more(vendor)), w.liveness());
  }
  return w;
}

/** A registration by its conversation, which is called like its vendor. */
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

/** An event of an agent that tells nothing but that it was. */
export const visit = (
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

/** The newest messages of everybody, whomever they are for. */
export const everything = (limit: number) => ({ limit, channels: null, directed: "all" as const });
