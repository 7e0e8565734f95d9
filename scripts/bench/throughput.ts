/** Measures messages a second, published one after the other, beside bare inserts into the same table, in turns. */
import { runWorkers, type Task } from "./workers";
import { percentile, printTable } from "./numbers";
import { createSandbox } from "./sandbox";

const rounds = 3;

export async function throughput(binary: string, messages: number) {
  const results = [1, 10].flatMap((processes) =>
    (["parley", "inserts"] as const).map((transport) => ({
      processes,
      transport,
      rates: [] as number[],
    })),
  );
  for (let round = 0; round < rounds; round++) {
    for (const { processes, transport, rates } of results) {
      using sandbox = createSandbox(binary);
      const messagesEach = Math.ceil(messages / processes);
      const task: Task = { transport, subscribes: false, messages: messagesEach, gap: 0 };
      const { reports } = await runWorkers(
        sandbox,
        Array.from({ length: processes }, () => task),
      );
      const began = Math.min(...reports.map(({ started }) => started));
      const ended = Math.max(...reports.map(({ finished }) => finished));
      rates.push((messagesEach * processes * 1000) / (ended - began));
    }
  }
  const rows = [1, 10].map((processes) => {
    const [parley = Number.NaN, inserts = Number.NaN] = results
      .filter((result) => result.processes === processes)
      .map(({ rates }) => percentile(rates, 0.5));
    return {
      processes: String(processes),
      "parley /s": parley,
      "inserts /s": inserts,
      ratio: parley / inserts,
      "at least half": parley * 2 >= inserts ? "reached" : "missed",
    };
  });
  printTable(`Throughput, ${messages} messages, median of ${rounds}`, rows);
  return results;
}
