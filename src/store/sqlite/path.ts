/** Which paths overlap. */
import type { Lock } from "../../bus/lock";
import { ancestorsOf, isResource, rangeBelow } from "../rows/path";
import type { Connection } from "./connection";
import { lockColumns } from "./lock";

/** Locks on the path, on a directory above it, or on anything below it. */
export function overlapping(c: Connection, path: string): Lock[] {
  return c.all<Lock>(
    `select ${lockColumns} from file_locks where file_path in (select value from json_each($paths))
      union all
      select ${lockColumns} from file_locks where file_path >= $first and file_path < $last and $tree`,
    {
      paths: JSON.stringify([path, ...ancestorsOf(path)]),
      ...rangeBelow(path),
      tree: isResource(path) ? 0 : 1,
    },
  );
}
