import type { Lock } from "../../bus/lock";
import type { Connection } from "./connection";
import { lockColumns } from "./lock";

const isResource = (path: string): boolean => path.startsWith("res:");

/** Windows paths have no leading slash, and backslashes. */
const separatorOf = (path: string): "/" | "\\" => (/^[A-Za-z]:\\|^\\\\/.test(path) ? "\\" : "/");

/** The directories above a path, nearest first. A named resource has none. */
export function ancestorsOf(path: string): string[] {
  if (isResource(path)) return [];
  const separator = separatorOf(path);
  const found: string[] = [];
  for (let end = path.lastIndexOf(separator); end > 0; end = path.lastIndexOf(separator, end - 1)) {
    found.push(path.slice(0, end));
  }
  if (path.startsWith(separator) && path !== separator) found.push(separator);
  return found;
}

const below = (path: string): string => {
  const separator = separatorOf(path);
  return path.endsWith(separator) ? path : path + separator;
};

/** A directory's lock covers all below it, in both directions. */
export const overlaps = (a: string, b: string): boolean =>
  a === b ||
  (!isResource(a) && !isResource(b) && (a.startsWith(below(b)) || b.startsWith(below(a))));

/** Locks on the path, on a directory above it, or on anything below it. */
export function overlapping(c: Connection, path: string): Lock[] {
  const first = below(path);
  // The range of all strings that begin with the prefix: up to it with its last character raised by one.
  const last = first.slice(0, -1) + String.fromCharCode(first.charCodeAt(first.length - 1) + 1);
  return c.all<Lock>(
    `select ${lockColumns} from file_locks where file_path in (select value from json_each($paths))
      union all
      select ${lockColumns} from file_locks where file_path >= $first and file_path < $last and $tree`,
    {
      paths: JSON.stringify([path, ...ancestorsOf(path)]),
      first,
      last,
      tree: isResource(path) ? 0 : 1,
    },
  );
}
