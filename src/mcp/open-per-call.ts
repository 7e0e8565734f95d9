/** Opens the database for each call, and notices another. */
import { statSync } from "node:fs";

import type { Bus } from "../bus/bus";
import { ParleyError } from "../bus/errors";

export interface Opened {
  bus: Bus;
  close(): Promise<void>;
}

export type Open = (mode: "create" | "write") => Promise<Opened>;

/**
 * Opens the database anew for every call, as a command does: what became of it since (deleted, replaced, migrated by a
 * newer parley) is then an answer, and between calls no connection is kept. Throws `not_found`, once, where it is no
 * longer the file of the call before: whoever holds locks in it must hear that they are gone.
 */
export function openPerCall(open: Open): () => Promise<Opened> {
  let last: { path: string; file: string | null } | null = null;
  return async () => {
    if (last !== null && fileAt(last.path) !== last.file) {
      const { path } = last;
      const become = fileAt(path) === null ? "deleted" : "replaced";
      last = null;
      throw new ParleyError("not_found", `The database ${path} was ${become} since the last call`, {
        hint: "locks, claims and messages of before are not in it; call again to go on with what is there now",
        details: { database: path },
      });
    }
    const opened = await open("create");
    const path = opened.bus.store.location;
    last = { path, file: fileAt(path) };
    return opened;
  };
}

/** Which file a path names; null for none. A number is soon used again, so the time of its making counts too. */
function fileAt(path: string): string | null {
  try {
    const { dev, ino, birthtimeMs } = statSync(path);
    return `${dev}:${ino}:${birthtimeMs}`;
  } catch {
    return null;
  }
}
