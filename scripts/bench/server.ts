/** Measures the load of the gate on a PostgreSQL server. */
import { loadavg } from "node:os";

import { runWorkers } from "./workers";
import { load, sessions, times, verdict } from "./load";
import { figure, printTable } from "./numbers";
import { createServerSandbox } from "./sandbox";

/** Milliseconds, on a server of the same machine. */
const budget = { p50: 2, p99: 15 };

const variants = [
  { name: "LISTEN", wake: "auto", transport: "parley" },
  { name: "LISTEN, `parley watch`", wake: "auto", transport: "watch" },
  { name: "250 ms polling", wake: "poll", transport: "parley" },
  /** The least that a bus on this server can do. It skips messages, since ids are not committed in their order. */
  { name: "(bare insert with NOTIFY, select)", wake: "auto", transport: "postgres" },
] as const;

/** Takes the variants in turns, so that a busy moment of the machine affects all of them. */
export async function server(binary: string, url: string, seconds: number, rounds: number) {
  const results = variants.map((variant) => ({
    ...variant,
    operations: [] as number[],
    deliveries: [] as number[],
    lost: 0,
    repeated: 0,
    cpu: [] as number[],
    load: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const result of results) {
      const { wake, transport } = result;
      await using sandbox = await createServerSandbox(binary, wake, url);
      const workers = await runWorkers(sandbox, load(transport, seconds));
      result.operations.push(...workers.operations);
      result.deliveries.push(...workers.deliveries);
      result.lost += workers.lost;
      result.repeated += workers.repeated;
      result.cpu.push(workers.cpu);
      result.load.push(loadavg()[0] ?? Number.NaN);
    }
  }
  const mean = (all: readonly number[]): number => all.reduce((sum, n) => sum + n, 0) / all.length;
  const rows = results.map((result) => {
    const { name, wake, transport, lost, repeated } = result;
    const measured = times(result);
    const missed = [
      ...(measured["delivery p50"] > budget.p50 ? ["p50"] : []),
      ...(measured.p99 > budget.p99 ? ["p99"] : []),
    ];
    return {
      waking: name,
      ...measured,
      "CPU %": mean(result.cpu),
      load: figure(mean(result.load)),
      "lost / twice": `${lost} / ${repeated}`,
      "our budget": transport === "postgres" || wake === "poll" ? "" : verdict(missed),
    };
  });
  printTable(
    `PostgreSQL: ${sessions} sessions, one message a second each, ${rounds} × ${seconds} s (ms)`,
    rows,
  );
  return { seconds, rounds, budget, results };
}
