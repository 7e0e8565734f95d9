/** Measures delivery by the gap between messages, from one process to another and from one to ten. */
import { runWorkers, type Task } from "./workers";
import { printTable, summary } from "./numbers";
import { createSandbox } from "./sandbox";

/** Milliseconds between two messages, and how many of them. */
const bursts = [
  { gap: 1000, messages: 15 },
  { gap: 100, messages: 150 },
  { gap: 10, messages: 500 },
  { gap: 1, messages: 1000 },
];

const publisher = (messages: number, gap: number): Task => ({
  transport: "parley",
  subscribes: false,
  messages,
  gap,
});
const subscriber: Task = { transport: "parley", subscribes: true, messages: 0, gap: 0 };

export async function deliveries(binary: string, share: number) {
  const cases = [
    ...bursts.map((each) => ({ ...each, subscribers: 1 })),
    { gap: 100, messages: 100, subscribers: 10 },
    { gap: 10, messages: 300, subscribers: 10 },
  ];
  const results = [];
  for (const { gap, messages, subscribers } of cases) {
    using sandbox = createSandbox(binary);
    const count = Math.max(5, Math.round(messages * share));
    const tasks = [publisher(count, gap), ...Array.from({ length: subscribers }, () => subscriber)];
    results.push({ gap, subscribers, ...(await runWorkers(sandbox, tasks)) });
  }
  const rows = results.map(({ gap, subscribers, cpu, lost, repeated, ...each }) => {
    const { count, p50, p99, max } = summary(each.deliveries);
    return {
      "gap ms": String(gap),
      subscribers: String(subscribers),
      deliveries: String(count),
      p50,
      p99,
      max,
      "CPU %": cpu,
      "lost / twice": `${lost} / ${repeated}`,
    };
  });
  printTable("Delivery in bursts and to ten, natively woken (ms)", rows);
  return results;
}
