import type { Bus } from "../bus/bus";
import type { Wake } from "../bus/wake";
import type { PostgresOptions } from "../store/postgres/open";
import { openPostgresStore } from "../store/postgres/store";
import { createNoticeWake } from "../wake/notices";
import { createKeeper, type KeeperOptions } from "./keeper";

export interface ServerOptions extends PostgresOptions, Omit<KeeperOptions, "database"> {
  /** False: waiting is polling alone. */
  listening: boolean;
  pollMilliseconds: number;
}

/** The adapters of a bus on a PostgreSQL server; loaded by nobody else. */
export async function openServerBus(
  url: string,
  { listening, pollMilliseconds, ...options }: ServerOptions,
): Promise<
  Required<Pick<Bus, "store" | "clock" | "keeper">> & { wake: Wake & { close(): Promise<void> } }
> {
  const { store, clock, notices } = await openPostgresStore(url, options);
  const changeCount = (): Promise<number> => store.changeCount();
  const wake = createNoticeWake({ notices, listening, pollMilliseconds, changeCount });
  const keeper = createKeeper({ ...options, database: url });
  return { store, clock, wake, keeper };
}
