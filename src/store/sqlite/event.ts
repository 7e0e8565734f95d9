/** Writing what happened to sessions, locks and claims; notes between sessions. */
import { eventRow, lifecycleRow, noteRow } from "../rows/event";
import type { Connection } from "./connection";
import { insertMessage } from "./message";

/**
 * Broadcasts what happened to a lock or claim. The id of the event is the number of the change: one global counter
 * for every owner of anything.
 */
export const insertEvent = (c: Connection, ...event: Parameters<typeof eventRow>): number =>
  insertMessage(c, eventRow(...event));

export const insertLifecycle = (c: Connection, ...event: Parameters<typeof lifecycleRow>): number =>
  insertMessage(c, lifecycleRow(...event));

export const tell = (c: Connection, ...note: Parameters<typeof noteRow>): number =>
  insertMessage(c, noteRow(...note));
