/** Processes that begin at once, and what they report. */
import { join } from "node:path";

import { monotonic } from "./numbers";
import type { Place } from "./sandbox";
import type { Setting, TransportName } from "./transports";
import { cpuSeconds } from "./usage";

export interface Task {
  transport: TransportName;
  subscribes: boolean;
  /** How many to publish, with so many milliseconds between their beginnings; 0: one after the other. */
  messages: number;
  gap: number;
}

export interface Job extends Task, Setting {
  /** Milliseconds after which the process ends itself. */
  limit: number;
}

/** Times in milliseconds. */
export interface Report {
  /** Of each publishing, in order. */
  operations: number[];
  /** Of each message from before its publishing until it was in the subscriber's hands. */
  deliveries: number[];
  /** When publishing began and ended. */
  started: number;
  finished: number;
  /** Messages that came a second time. */
  repeated: number;
}

export interface CrewResult {
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

type Word = { ready?: number[]; published?: true; report?: Report };

/** One process for each task, all of which begin at once. Throws where one fails or takes too long. */
export async function runCrew(place: Place, tasks: readonly Task[]): Promise<CrewResult> {
  const longest = Math.max(...tasks.map(({ messages, gap }) => messages * Math.max(gap, 5)));
  const limit = longest + 60_000;
  const { directory, binary } = place;
  const members = tasks.map((task) => member(place, { ...task, directory, binary, limit }));
  const timer = setTimeout(() => members.forEach(({ child }) => child.kill("SIGKILL")), limit);
  try {
    const received = await Promise.all(members.map(({ ready }) => ready.promise));
    const pids = [...members.map(({ child }) => child.pid), ...received.flat()];
    // What starting costs is measured elsewhere, and subscriptions of others have to be in place.
    await Bun.sleep(500);
    const [before, began] = [cpuSeconds(pids), monotonic()];
    for (const { child } of members) child.send("go");
    await Promise.all(members.map(({ published }) => published.promise));
    const cpu = ((cpuSeconds(pids) - before) / (monotonic() - began)) * 1e5;
    await Bun.sleep(600);
    const bytes = place.bytes();
    for (const { child } of members) child.send("end");
    const reports = await Promise.all(members.map(({ report }) => report.promise));
    await Promise.all(members.map(({ child }) => child.exited));
    const sent = tasks.reduce((sum, { messages }) => sum + messages, 0);
    const operations = reports.flatMap((each) => each.operations);
    const deliveries = reports.flatMap((each) => each.deliveries);
    const repeated = reports.reduce((sum, each) => sum + each.repeated, 0);
    const expected = sent * tasks.filter(({ subscribes }) => subscribes).length;
    const lost = expected - (deliveries.length - repeated);
    return { reports, operations, deliveries, lost, repeated, cpu, bytes };
  } finally {
    clearTimeout(timer);
    for (const { child } of members) child.kill("SIGKILL");
  }
}

function member({ env }: Place, job: Job) {
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
      ipc(word: Word) {
        if (word.ready) ready.resolve(word.ready);
        if (word.published) published.resolve(true);
        if (word.report) report.resolve(word.report);
      },
      onExit(_, code) {
        const failure = new Error(`a ${job.transport} process ended early, with ${code}`);
        for (const each of [ready, published, report]) {
          // Whoever still waits hears it; nobody has to.
          each.promise.catch(() => {});
          each.reject(failure);
        }
      },
    },
  );
  return { child, ready, published, report };
}
