/** The load of the gate (R243–R247): ten sessions, each of which publishes to `state` once a second and receives from all. */
import type { WorkersResult, Task } from "./workers";
import { summary } from "./numbers";
import type { TransportName } from "./transports";

export const sessions = 10;

export const load = (transport: TransportName, seconds: number): Task[] =>
  Array.from({ length: sessions }, () => ({
    ...{ transport, subscribes: true, messages: seconds, gap: 1000 },
  }));

/** The columns of what was measured, in milliseconds. */
export function times({
  operations,
  deliveries,
}: Pick<WorkersResult, "operations" | "deliveries">) {
  const [operation, delivery] = [summary(operations), summary(deliveries)];
  return {
    "op p50": operation.p50,
    "op p99": operation.p99,
    "delivery p50": delivery.p50,
    p99: delivery.p99,
    max: delivery.max,
  };
}

/** The verdict in words, by the values that went over their budgets. */
export const verdict = (missed: readonly string[]): string =>
  missed.length > 0 ? `missed: ${missed.join(", ")}` : "reached";
