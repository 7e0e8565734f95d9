/** A second process with the library: runs the calls on its standard input and answers each in JSON. */
import { createInterface } from "node:readline";

import { getSessionMessageBus } from "../../src/library";

const bus = getSessionMessageBus();
for await (const line of createInterface({ input: process.stdin })) {
  const [method, ...args] = JSON.parse(line) as [keyof typeof bus, ...unknown[]];
  const call = bus[method] as (...given: unknown[]) => unknown;
  console.log(JSON.stringify({ result: (await call.apply(bus, args)) ?? null }));
}
await bus.close();
