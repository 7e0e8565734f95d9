/** Starts the processes of a measurement, lets them begin at once, and collects their reports. */
import { join } from "node:path";

import { monotonic } from "./numbers";
import type { Sandbox } from "./sandbox";
import type { Setting, TransportName } from "./transports";
import { cpuSeconds } from "./usage";

export interface Task {
  transport: TransportName;
  subscribes: boolean;
  /** How many messages to publish, with a gap in milliseconds between their beginnings; 0: one after the other. */
  messages: number;
  gap: number;
}

export interface Job extends Task, Setting {
  /** Milliseconds after which the process ends itself. */
  limit: number;
}

/** Times in milliseconds. */
export interface Report {
  /** Duration of each publishing, in order. */
  operations: number[];
  /** For each message the time from before its publishing until the subscriber had it. */
  deliveries: number[];
  /** When publishing began and ended. */
  started: number;
  finished: number;
  /** Messages that came a second time. */
  repeated: number;
}

export interface WorkersResult {
  reports: Report[];
  operations: number[];
  deliveries: number[];
  /** Messages that a subscriber should have had and did not, or had twice. */
  lost: number;
  repeated: number;
  /** CPU of all processes together while they published, in percent of one core. */
  cpu: number;
  /** Bytes of the database and its log at the end. */
  bytes: number;
}

type WorkerMessage = { ready?: number[]; published?: true; report?: Report };

/** Runs one process for each task, all of which begin at once. Throws where one fails or takes too long. */
export async function runWorkers(sandbox: Sandbox, tasks: readonly Task[]): Promise<WorkersResult> {
  const longestTask = Math.max(...tasks.map(({ messages, gap }) => messages * Math.max(gap, 5)));
  const limit = longestTask + 60_000;
  const { directory, binary } = sandbox;
  const workers = tasks.map((task) => startWorker(sandbox, { ...task, directory, binary, limit }));
  const timer = setTimeout(() => workers.forEach(({ child }) => child.kill("SIGKILL")), limit);
  try {
    const received = await Promise.all(workers.map(({ ready }) => ready.promise));
    const pids = [...workers.map(({ child }) => child.pid), ...received.flat()];
    // Starting is measured elsewhere, and all subscriptions have to be in place.
    await Bun.sleep(500);
    const [before, began] = [cpuSeconds(pids), monotonic()];
    for (const { child } of workers) child.send("go");
    await Promise.all(workers.map(({ published }) => published.promise));
    const cpu = ((cpuSeconds(pids) - before) / (monotonic() - began)) * 1e5;
    await Bun.sleep(600);
    const bytes = sandbox.bytes();
    for (const { child } of workers) child.send("end");
    const reports = await Promise.all(workers.map(({ report }) => report.promise));
    await Promise.all(workers.map(({ child }) => child.exited));
    const sent = tasks.reduce((sum, { messages }) => sum + messages, 0);
    const operations = reports.flatMap((each) => each.operations);
    const deliveries = reports.flatMap((each) => each.deliveries);
    const repeated = reports.reduce((sum, each) => sum + each.repeated, 0);
    const expected = sent * tasks.filter(({ subscribes }) => subscribes).length;
    const lost = expected - (deliveries.length - repeated);
    return { reports, operations, deliveries, lost, repeated, cpu, bytes };
  } finally {
    clearTimeout(timer);
    for (const { child } of workers) child.kill("SIGKILL");
  }
}

function startWorker({ env }: Sandbox, job: Job) {
  const ready = Promise.withResolvers<number[]>();
  const published = Promise.withResolvers<true>();
  const report = Promise.withResolvers<Report>();
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "worker.ts"), JSON.stringify(job)],
    {
      env,
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
      ipc(message: WorkerMessage) {
        if (message.ready) ready.resolve(message.ready);
        if (message.published) published.resolve(true);
        if (message.report) report.resolve(message.report);
      },
      onExit(_, code) {
        const failure = new Error(`a ${job.transport} process ended early, with ${code}`);
        for (const each of [ready, published, report]) {
          // A pending wait fails with it; where none is pending it must not count as unhandled.
          each.promise.catch(() => {});
          each.reject(failure);
        }
      },
    },
  );
  return { child, ready, published, report };
}
