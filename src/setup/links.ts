/** Plans links to the program by the seeds' names of commands. */
import { lstatSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";

import type { Warning } from "../bus/errors";
import { assertWritable } from "./files";
import type { Manifest } from "./manifest";

export interface LinkChange {
  path: string;
  /** Its present target; null where there is no link. */
  before: string | null;
  after: string | null;
}

/** Links to the program by each of the names. Anything else that has such a name is left alone. */
export function planLinks(
  directory: string,
  names: readonly string[],
  program: string,
  manifest: Manifest,
): { links: LinkChange[]; warnings: Warning[] } {
  const warnings: Warning[] = [];
  const links = names.flatMap((name): LinkChange[] => {
    const path = join(directory, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    const before = found?.isSymbolicLink() ? readlinkSync(path) : null;
    if (before === program) return [];
    if (found && (before === null || !isOwn(path, before, manifest))) {
      warnings.push({ code: "kept", message: `${path} is something else, and was left as it is` });
      return [];
    }
    assertWritable(path, directory);
    return [{ path, before, after: program }];
  });
  return { links, warnings };
}

/** The links in the directory, where one is named; otherwise those in the manifest. */
export function planUnlinking(
  directory: string | null,
  names: readonly string[],
  manifest: Manifest,
): LinkChange[] {
  const named = directory === null ? [] : names.map((name) => join(directory, name));
  return [...new Set([...named, ...(directory === null ? manifest.links : [])])].flatMap((path) => {
    if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return [];
    const before = readlinkSync(path);
    return isOwn(path, before, manifest) ? [{ path, before, after: null }] : [];
  });
}

const isOwn = (path: string, to: string, { links, programs }: Manifest): boolean =>
  (links.includes(path) && programs.includes(to)) || /^parley/i.test(basename(to));
