/** Who holds a path or a task now. */
import type { Claim } from "../../bus/claim";
import type { Liveness } from "../../bus/liveness";
import type { Lock } from "../../bus/lock";
import { ranOut } from "../rows/lease";
import { claimColumns } from "./claim";
import type { Queries } from "./queries";
import { lockColumns, type LockRow } from "./lock";
import { overlapping, shape } from "./path";
import { liveRecord } from "./session";

/** Those that are held now, as far as one who only reads can tell: on a standby nobody ends the dead. */
async function heldNow<Each extends Lock | Claim>(
  c: Queries,
  found: readonly Each[],
  liveness: Liveness,
): Promise<Each[]> {
  const current = found.filter((each) => !ranOut(each, liveness.now));
  const holders = await Promise.all(current.map((each) => liveRecord(c, each.session_id)));
  return current.filter((_, index) => {
    const holder = holders[index];
    return holder != null && liveness.judge(holder).ended === null;
  });
}

/** Locks that are held now: on these paths of this machine, above or below them, or all. Reads only. */
export async function locksOn(
  c: Queries,
  paths: readonly string[] | null,
  liveness: Liveness,
): Promise<Lock[]> {
  const found = paths
    ? (await Promise.all(paths.map((path) => overlapping(c, path, c.machineUuid)))).flat()
    : await c.all<LockRow>(
        `select ${lockColumns} from parley.file_locks order by file_path, machine_uuid`,
      );
  const unique = new Map(found.map((lock) => [`${lock.machine_uuid} ${lock.file_path}`, lock]));
  return (await heldNow(c, [...unique.values()], liveness)).map(shape);
}

/** The claim on a task where it is held now. Reads only. */
export async function liveClaimOn(
  c: Queries,
  task_id: string,
  liveness: Liveness,
): Promise<Claim | null> {
  const claims = await c.all<Claim>(
    `select ${claimColumns} from parley.task_claims where task_id = $task_id`,
    { task_id },
  );
  return (await heldNow(c, claims, liveness))[0] ?? null;
}
