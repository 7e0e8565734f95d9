import { readFileSync, rmdirSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";

import { ParleyError } from "../bus/errors";
import { makeDirectories, refused, write } from "./files";
import type { LinkChange } from "./links";
import type { FileChange } from "./plan";

/** What was made on the way, so that it can be taken back. */
interface Done {
  undo: (() => void)[];
  /** Directories that were missing, the outermost first. */
  directories: string[];
}

/**
 * Makes all changes or none. `commit` is given the directories that were made, and is the last that may fail. Throws
 * `not_permitted`, or `busy` where somebody was faster.
 */
export function apply(
  files: readonly FileChange[],
  links: readonly LinkChange[],
  commit: (directories: string[]) => void,
): void {
  const done: Done = { undo: [], directories: [] };
  try {
    for (const change of files) attempt(change.path, change.target, done, () => put(change, done));
    for (const change of links) attempt(change.path, change.path, done, () => link(change, done));
    commit(done.directories);
  } catch (error) {
    for (const undo of done.undo.toReversed()) undo();
    removeEmpty(done.directories);
    throw error;
  }
}

function attempt(path: string, target: string, done: Done, work: () => void): void {
  try {
    done.directories.push(...makeDirectories(dirname(target)));
    work();
  } catch (error) {
    throw error instanceof ParleyError ? error : refused(path, error);
  }
}

function put({ path, target, before, after }: FileChange, { undo }: Done): void {
  const now = contents(target);
  // Another setup may have done the same.
  if (isSame(now, after)) return;
  if (!isSame(now, before)) {
    throw new ParleyError("busy", `${path} was changed by another program just now`, {
      hint: "run setup again; nothing was changed",
      details: { path },
    });
  }
  if (after === null) unlinkSync(target);
  else write(target, after);
  undo.push(() => (before === null ? rmSync(target, { force: true }) : write(target, before)));
}

function link({ path, before, after }: LinkChange, { undo }: Done): void {
  if (before !== null) unlinkSync(path);
  if (after !== null) symlinkSync(after, path);
  undo.push(() => {
    rmSync(path, { force: true });
    if (before !== null) symlinkSync(before, path);
  });
}

const isSame = (one: Buffer | null, other: Buffer | null): boolean =>
  one === null || other === null ? one === other : one.equals(other);

function contents(target: string): Buffer | null {
  try {
    return readFileSync(target);
  } catch {
    return null;
  }
}

/** Removes those of the directories that are empty, the innermost first. Returns those that are still there. */
export function removeEmpty(directories: readonly string[]): string[] {
  return directories
    .toReversed()
    .filter((directory) => {
      try {
        rmdirSync(directory);
        return false;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code !== "ENOENT";
      }
    })
    .toReversed();
}
