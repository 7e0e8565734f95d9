/** Links by the seeds' names. */
import { lstatSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";

import type { Warning } from "../bus/errors";
import { assertWritable } from "./files";
import type { Manifest } from "./manifest";

export interface LinkChange {
  path: string;
  /** What it points to now; null where it is missing. */
  before: string | null;
  after: string | null;
}

/** Links to the program by each of the names. Whatever else is there by such a name is left alone. */
export function planLinks(
  directory: string,
  names: readonly string[],
  program: string,
  memory: Manifest,
): { links: LinkChange[]; warnings: Warning[] } {
  const warnings: Warning[] = [];
  const links = names.flatMap((name): LinkChange[] => {
    const path = join(directory, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    const before = found?.isSymbolicLink() ? readlinkSync(path) : null;
    if (before === program) return [];
    if (found && (before === null || !isOurs(path, before, memory))) {
      warnings.push({ code: "kept", message: `${path} is something else, and was left as it is` });
      return [];
    }
    assertWritable(path, directory);
    return [{ path, before, after: program }];
  });
  return { links, warnings };
}

/** The links that setup is known to have made, and those of the directory, where one is named. */
export function planUnlinking(
  directory: string | null,
  names: readonly string[],
  memory: Manifest,
): LinkChange[] {
  const named = directory === null ? [] : names.map((name) => join(directory, name));
  return [...new Set([...named, ...(directory === null ? memory.links : [])])].flatMap((path) => {
    if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return [];
    const before = readlinkSync(path);
    return isOurs(path, before, memory) ? [{ path, before, after: null }] : [];
  });
}

const isOurs = (path: string, to: string, { links, programs }: Manifest): boolean =>
  (links.includes(path) && programs.includes(to)) || /^parley/i.test(basename(to));
