/** Paths of locks: what is above, below, or in common; and the machine by whose name a path goes. */

/** Whether a path is a named resource, which is one on all machines. */
export const isResource = (path: string): boolean => path.startsWith("res:");

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

/** With its separator: what all paths below it begin with. */
const below = (path: string): string => {
  const separator = separatorOf(path);
  return path.endsWith(separator) ? path : path + separator;
};

/** A directory's lock covers all below it, in both directions. */
export const overlaps = (a: string, b: string): boolean =>
  a === b ||
  (!isResource(a) && !isResource(b) && (a.startsWith(below(b)) || b.startsWith(below(a))));

/** All strings that begin with the prefix of what is below a path: from the first one up to, not including, the last. */
export function rangeBelow(path: string): { first: string; last: string } {
  const first = below(path);
  const end = String.fromCharCode(first.charCodeAt(first.length - 1) + 1);
  return { first, last: first.slice(0, -1) + end };
}

/** The machine by whose name a path goes; empty for a named resource. */
export const machineOf = (path: string, machine_uuid: string | null): string =>
  isResource(path) ? "" : (machine_uuid ?? "");
