/** Refusing places that other users of the machine can write to. */
import { lstatSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";

import { ParleyError } from "../../bus/errors";

const [otherWrite, groupWrite, sticky] = [0o002, 0o020, 0o1000];

/**
 * Refuses a database that another user of the machine could put in our way or take from it: every session's mail is in
 * it, and who can exchange it can speak for all of them. Root is trusted, as by everything else here; where there are no
 * user ids (Windows) the system's own permissions stand alone.
 */
export function requirePrivateDirectory(path: string): void {
  const user = process.getuid?.();
  if (user === undefined || user === 0) return;
  const directory = dirname(path);
  const place = statSync(directory, { throwIfNoEntry: false });
  // It will be made, for its user alone.
  if (!place) return;
  const shared = (place.mode & sticky) !== 0;
  if (!shared && place.uid !== user && place.uid !== 0)
    throw unsafe(directory, "belongs to another user");
  if (!shared && writableByOthers(place)) throw unsafe(directory, "can be written by other users");
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry && entry.uid !== user) throw unsafe(path, "belongs to another user");
  if (entry && shared && entry.isSymbolicLink())
    throw unsafe(path, "is a link in a shared directory");
}

/** A group of the user's own, as many systems give each user one, has no other members. */
const writableByOthers = ({ mode, gid }: Stats): boolean =>
  (mode & otherWrite) !== 0 || ((mode & groupWrite) !== 0 && gid !== process.getgid?.());

const unsafe = (path: string, how: string): ParleyError =>
  new ParleyError("not_permitted", `${path} ${how}`, {
    hint: "keep the database in a directory that only you can write (chmod go-w), or name another with --db",
    details: { path },
  });
