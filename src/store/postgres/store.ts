/** The store on a PostgreSQL server, with its clock and its notices. */
import type { Clock } from "../../bus/clock";
import type { Store } from "../../bus/store";
import type { Notices } from "../../bus/change-signal";
import { openStore } from "../store";
import { createServerClock, createDatabase } from "./database";
import { NotifyBuffer, payloadFor } from "./notify-payload";
import { openConnection, type PostgresOptions } from "./open";

export interface PostgresBus {
  store: Store;
  /** The server's. */
  clock: Clock;
  /** What is announced to every process of this bus. */
  notices: Notices;
}

/**
 * Opens the bus in a schema of a PostgreSQL database; throws `busy` (unreachable), `not_permitted` (login, rights,
 * standby), `not_found` or `invalid`.
 */
export async function openPostgresStore(
  url: string,
  options: PostgresOptions,
): Promise<PostgresBus> {
  const opened = await openConnection(url, options);
  const { connection } = opened;
  const clock = createServerClock(opened.ahead);
  const buffer = new NotifyBuffer();
  return {
    store: openStore(createDatabase(opened, clock, buffer)),
    clock: { now: clock.now },
    notices: {
      send: (audience) => connection.notify(payloadFor(audience)),
      listen: (onNotice, onConnect) =>
        connection.listen(
          (payload) => onNotice(buffer.accept(payload)),
          () => {
            buffer.clear();
            onConnect();
          },
        ),
    },
  };
}
