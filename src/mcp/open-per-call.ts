/** Opens the database anew for each call, and notices that it has been deleted or replaced. */
import type { Bus } from "../bus/bus";
import { ParleyError } from "../bus/errors";
import { type FileIdentity, fileIdentity } from "../change-signal/file-identity";

export interface Opened {
  bus: Bus;
  close(): Promise<void>;
}

export type Open = (mode: "create" | "write") => Promise<Opened>;

/**
 * Opens the database anew for every call, as a command does: a database that was deleted, replaced or migrated by a newer
 * parley since is then reported in the answer, and no connection is kept between calls. Throws `not_found`, once, where
 * it is no longer the file of the call before: an agent that holds locks in that must learn that they are gone.
 */
export function openPerCall(open: Open): () => Promise<Opened> {
  let last: { path: string; file: FileIdentity | null } | null = null;
  return async () => {
    if (last !== null && fileIdentity(last.path) !== last.file) {
      const { path } = last;
      const become = fileIdentity(path) === null ? "deleted" : "replaced";
      last = null;
      throw new ParleyError("not_found", `The database ${path} was ${become} since the last call`, {
        hint: "locks, claims and messages of before are not in it; call again to go on with what is there now",
        details: { database: path },
      });
    }
    const opened = await open("create");
    const path = opened.bus.store.location;
    last = { path, file: fileIdentity(path) };
    return opened;
  };
}
