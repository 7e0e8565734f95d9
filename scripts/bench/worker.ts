/** One process of a measurement: its argument is the job, and its parent says when to begin and end. See `workers.ts`. */
import { monotonic } from "./numbers";
import { type Transport, transports } from "./transports";
import type { Job, Report } from "./workers";

const job = JSON.parse(process.argv[2] ?? "") as Job;
const report: Report = { operations: [], deliveries: [], started: 0, finished: 0, repeated: 0 };

// Nothing is left running when the parent ends, however it ends.
setTimeout(() => process.exit(3), job.limit).unref();
process.on("disconnect", () => process.exit(3));

const transport: Transport = await transports[job.transport](job);
if (job.subscribes) {
  const seen = new Set<string>();
  await transport.subscribe(({ from, n, sent }) => {
    report.deliveries.push(monotonic() - sent);
    if (seen.size === seen.add(`${from} ${n}`).size) report.repeated++;
  });
}

async function publishAll(): Promise<void> {
  report.started = monotonic();
  let next = report.started + Math.random() * (job.messages > 0 ? job.gap : 0);
  for (let n = 0; n < job.messages; n++) {
    if (job.gap > 0) await Bun.sleep(Math.max(0, next - monotonic()));
    next += job.gap;
    const sent = monotonic();
    const payload = { task_id: "H.8.1", status: "working", from: process.pid, n, sent };
    await transport.publish(JSON.stringify(payload));
    report.operations.push(monotonic() - sent);
  }
  report.finished = monotonic();
}

process.on("message", async (command: "go" | "end") => {
  if (command === "go") {
    await publishAll();
    process.send?.({ published: true });
  } else {
    await transport.close();
    process.send?.({ report });
    process.disconnect?.();
    process.exit(0);
  }
});
process.send?.({ ready: transport.pids });
