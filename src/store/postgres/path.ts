/** Which locks of a machine overlap. */
import type { Lock } from "../../bus/lock";
import { ancestorsOf, isResource, rangeBelow } from "../rows/path";
import type { Queries } from "./queries";
import { type LockRow, lockColumns } from "./lock";

/** The machine by whose name a path goes; a named resource is one on all machines. */
export const machineOf = (path: string, machine_uuid: string | null): string =>
  isResource(path) ? "" : (machine_uuid ?? "");

/** Locks on the path of a machine, on a directory above it, or on anything below it. */
export const overlapping = (
  c: Queries,
  path: string,
  machine_uuid: string | null,
): Promise<LockRow[]> =>
  c.all<LockRow>(
    `select ${lockColumns} from parley.file_locks
        where machine_uuid = $machine and file_path = any($paths::text[])
      union all
      select ${lockColumns} from parley.file_locks
        where machine_uuid = $machine and file_path >= $first and file_path < $last and $tree`,
    {
      machine: machineOf(path, machine_uuid),
      paths: [path, ...ancestorsOf(path)],
      ...rangeBelow(path),
      tree: !isResource(path),
    },
  );

/** As the port gives it. */
export const shape = ({ machine_uuid: _machine, ...lock }: LockRow): Lock => lock;
