/** Makes the adapters of a bus on a PostgreSQL server. */
import type { Bus } from "../bus/bus";
import type { ChangeSignal } from "../bus/change-signal";
import type { PostgresOptions } from "../store/postgres/open";
import { openPostgresStore } from "../store/postgres/store";
import { createNoticeSignal } from "../change-signal/postgres-notify";
import { createHeartbeatProcess, type HeartbeatProcessOptions } from "./heartbeat-process";

export interface ServerOptions extends PostgresOptions, Omit<HeartbeatProcessOptions, "database"> {
  /** False: changes are found by polling alone. */
  listening: boolean;
  pollMilliseconds: number;
}

/** Loaded only for a bus on a server. */
export async function openServerBus(
  url: string,
  { listening, pollMilliseconds, ...options }: ServerOptions,
): Promise<
  Required<Pick<Bus, "store" | "clock" | "heartbeatProcess">> & {
    changeSignal: ChangeSignal & { close(): Promise<void> };
  }
> {
  const { store, clock, notices } = await openPostgresStore(url, options);
  const changeCount = (): Promise<number> => store.changeCount();
  const changeSignal = createNoticeSignal({ notices, listening, pollMilliseconds, changeCount });
  const heartbeatProcess = createHeartbeatProcess({ ...options, database: url });
  return { store, clock, changeSignal, heartbeatProcess };
}
