/** Locks and claims that are held now. */
import type { Claim } from "../bus/claim";
import type { Liveness } from "../bus/liveness";
import type { Lock } from "../bus/lock";
import { claimOn } from "./claim";
import type { Statements } from "./database";
import { lockColumns, lockFrom, type LockRow, overlapping } from "./lock";
import { liveRecord } from "./session";
import { ranOut } from "./wait-queue";

/** Those that are held now, as far as a reader can tell: where nothing can be written the dead are not ended. */
async function heldNow<Each extends Lock | Claim>(
  s: Statements,
  found: readonly Each[],
  liveness: Liveness,
): Promise<Each[]> {
  const current = found.filter((each) => !ranOut(each, liveness.now));
  const holders = await Promise.all(current.map((each) => liveRecord(s, each.session_id)));
  return current.filter((_, index) => {
    const holder = holders[index];
    return holder != null && liveness.judge(holder).ended === null;
  });
}

/** Locks that are held now: on these paths of this machine, above or below them, or all. Reads only. */
export async function locksOn(
  s: Statements,
  paths: readonly string[] | null,
  liveness: Liveness,
): Promise<Lock[]> {
  const found = paths
    ? (await Promise.all(paths.map((path) => overlapping(s, path, s.machineUuid)))).flat()
    : await s.all<LockRow>(
        `select ${lockColumns(s)} from parley.file_locks order by file_path, machine_uuid`,
      );
  const unique = new Map(found.map((lock) => [`${lock.machine_uuid} ${lock.file_path}`, lock]));
  return (await heldNow(s, [...unique.values()], liveness)).map(lockFrom);
}

/** The claim on a task where it is held now. Reads only. */
export async function liveClaimOn(
  s: Statements,
  task_id: string,
  liveness: Liveness,
): Promise<Claim | null> {
  const claim = await claimOn(s, task_id);
  return claim && ((await heldNow(s, [claim], liveness))[0] ?? null);
}
