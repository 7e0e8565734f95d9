/** Sends the same payloads from one process to another by parley and by its competitors, in turns. */
import { runWorkers } from "./workers";
import { percentile, printTable, summary } from "./numbers";
import { createSandbox } from "./sandbox";
import type { TransportName } from "./transports";

const competitors: { name: string; transport: TransportName; port?: number }[] = [
  { name: "parley", transport: "parley" },
  { name: "parley, by `parley watch`", transport: "watch" },
  { name: "NATS", transport: "nats", port: 4222 },
  { name: "Redis pub/sub", transport: "redis", port: 6379 },
  { name: "Unix domain socket", transport: "socket" },
  { name: "JSON file polled at 250 ms", transport: "file" },
];

/** Gaps in milliseconds; every competitor gets each of them in turn, `rounds` times. */
const gaps = [100, 10];

export async function compareCompetitors(binary: string, messages: number, rounds: number) {
  const results = gaps.flatMap((gap) =>
    competitors.map((competitor) => ({
      ...competitor,
      gap,
      deliveries: [] as number[],
      lost: 0,
      absent: false,
    })),
  );
  for (let round = 0; round < rounds; round++) {
    for (const row of results) {
      if (row.port && !(await answers(row.port))) {
        row.absent = true;
        continue;
      }
      using sandbox = createSandbox(binary);
      const { transport, gap } = row;
      // Only the receiver is `parley watch`: the sender publishes in its own process in both rows.
      const sender = transport === "watch" ? "parley" : transport;
      const result = await runWorkers(sandbox, [
        { transport: sender, subscribes: false, messages, gap },
        { transport, subscribes: true, messages: 0, gap: 0 },
      ]);
      row.deliveries.push(...result.deliveries);
      row.lost += result.lost;
    }
  }
  const rows = results.map(({ name, gap, deliveries, lost, absent }) => {
    const { count, p50, p99, max } = summary(deliveries);
    const nats = results.find((each) => each.gap === gap && each.transport === "nats");
    const ratio = p50 / percentile(nats?.deliveries ?? [], 0.5);
    const label = { "": name, "gap ms": String(gap) };
    if (absent) return { ...label, messages: "absent" };
    return {
      ...label,
      messages: String(count),
      p50,
      p99,
      max,
      "× NATS": ratio,
      lost: String(lost),
    };
  });
  printTable("Side by side, published → received, two processes (ms)", rows);
  return results;
}

/** Whether a process listens on a port of this machine. */
export async function answers(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}
