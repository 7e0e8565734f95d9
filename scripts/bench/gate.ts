/** Measures the gate of the requirements (R243–R247) on a database file. */
import { runWorkers } from "./workers";
import { load, sessions, times, verdict } from "./load";
import { figure, printTable } from "./numbers";
import { createSandbox } from "./sandbox";
import { answers } from "./competitors";

/** Milliseconds, percent of one core, bytes. */
const seeds = { operation: 50, cpu: 5, bytes: 1_000_000 };
/** The budgets of this project; for delivery only where a watcher signals changes. */
const ours = { operation: 2, p50: 0.5, p99: 5, cpu: 3, bytes: 1_000_000 };

const variants = [
  { name: "250 ms polling", wake: "poll", transport: "parley" },
  { name: "native", wake: "auto", transport: "parley" },
  { name: "native, `parley watch`", wake: "auto", transport: "watch" },
  /** The same ten processes with a broker, which stores nothing: for comparison. */
  { name: "(NATS)", wake: "auto", transport: "nats" },
] as const;

/** Ten minutes of the same load: no message may be lost or come twice. */
export const endurance = (binary: string) => gate(binary, 600, [variants[1]]);

export async function gate(
  binary: string,
  seconds: number,
  wanted: readonly (typeof variants)[number][] = variants,
) {
  const results = [];
  for (const { name, wake, transport } of wanted) {
    if (transport === "nats" && !(await answers(4222))) continue;
    using sandbox = createSandbox(binary, wake);
    const result = await runWorkers(sandbox, load(transport, seconds));
    results.push({ name, wake, transport, ...result });
  }
  const rows = results.map((result) => {
    const { name, wake, transport, lost, repeated, cpu, bytes } = result;
    const measured = times(result);
    const isComplete = lost === 0 && repeated === 0;
    const passes =
      isComplete && measured["op p99"] < seeds.operation && cpu < seeds.cpu && bytes < seeds.bytes;
    const missed = [
      ...(measured["op p99"] > ours.operation ? ["operation"] : []),
      ...(wake === "auto" && measured["delivery p50"] > ours.p50 ? ["delivery p50"] : []),
      ...(wake === "auto" && measured.p99 > ours.p99 ? ["delivery p99"] : []),
      ...(cpu >= ours.cpu ? ["CPU"] : []),
      ...(bytes >= ours.bytes ? ["size"] : []),
      ...(isComplete ? [] : ["messages"]),
    ];
    return {
      waking: name,
      ...measured,
      "CPU %": cpu,
      "db KB": figure(bytes / 1000),
      "lost / twice": `${lost} / ${repeated}`,
      "seeds' gate": transport === "nats" ? "" : passes ? "pass" : "fail",
      "our budgets": transport === "nats" ? "" : verdict(missed),
    };
  });
  printTable(`Gate: ${sessions} sessions, one message a second each, ${seconds} s (ms)`, rows);
  return { seconds, seeds, ours, results };
}
