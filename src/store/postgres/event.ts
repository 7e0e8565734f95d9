/** Writing what happened to sessions, locks and claims; notes between sessions. */
import { eventRow, lifecycleRow, noteRow } from "../rows/event";
import type { Queries } from "./queries";
import { insertMessage } from "./message";

/**
 * Broadcasts what happened to a lock or claim. The id of the event is the number of the change: one global counter
 * for every owner of anything.
 */
export const insertEvent = (c: Queries, ...event: Parameters<typeof eventRow>): Promise<number> =>
  insertMessage(c, eventRow(...event));

export const insertLifecycle = (
  c: Queries,
  ...event: Parameters<typeof lifecycleRow>
): Promise<number> => insertMessage(c, lifecycleRow(...event));

export const tell = (c: Queries, ...note: Parameters<typeof noteRow>): Promise<number> =>
  insertMessage(c, noteRow(...note));
