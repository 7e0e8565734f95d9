/** Who holds a path or a task now. */
import type { Claim } from "../../bus/claim";
import type { Liveness } from "../../bus/liveness";
import type { Lock } from "../../bus/lock";
import { ranOut } from "../rows/lease";
import { claimOn } from "./claim";
import type { Connection } from "./connection";
import { lockColumns } from "./lock";
import { overlapping } from "./path";
import { liveRecord } from "./session";

/** Whether it is held now, as far as one who only reads can tell: on read-only media nobody ends the dead. */
function isHeld(c: Connection, held: Lock | Claim, liveness: Liveness): boolean {
  if (ranOut(held, liveness.now)) return false;
  const holder = liveRecord(c, held.session_id);
  return holder !== null && liveness.judge(holder).ended === null;
}

/** Locks that are held now: on these paths, above or below them, or all. Reads only. */
export function locksOn(
  c: Connection,
  paths: readonly string[] | null,
  liveness: Liveness,
): Lock[] {
  const found = paths
    ? paths.flatMap((path) => overlapping(c, path))
    : c.all<Lock>(`select ${lockColumns} from file_locks order by file_path`);
  const unique = new Map(found.map((lock) => [lock.file_path, lock]));
  return [...unique.values()].filter((lock) => isHeld(c, lock, liveness));
}

/** The claim on a task where it is held now. Reads only. */
export function liveClaimOn(c: Connection, task_id: string, liveness: Liveness): Claim | null {
  const claim = claimOn(c, task_id);
  return claim && isHeld(c, claim, liveness) ? claim : null;
}
