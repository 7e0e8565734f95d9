/** Applies all planned changes or none. */
import {
  chmodSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { dirname } from "node:path";

import { ParleyError } from "../bus/errors";
import type { SetupScope } from "../bus/setup";
import { makeDirectories, notWritable, write } from "./files";
import type { FileChange, LinkChange } from "./plan";

/** Modes of new files and directories; an executable has that of a directory. Agents later put keys into these files, and keep their mode. */
const modes = {
  user: { file: 0o600, directory: 0o700 },
  project: { file: 0o666, directory: 0o777 },
} as const;

/** What has been done so far, so that it can be taken back. */
interface Done {
  undo: (() => void)[];
  /** Directories that were missing, the outermost first. */
  directories: string[];
}

/** `commit` gets the new directories and may fail last. Throws `not_permitted`, and `busy` for a file changed since it was planned. */
export function apply(
  files: readonly FileChange[],
  links: readonly LinkChange[],
  scope: SetupScope,
  commit: (directories: string[]) => void,
): void {
  const done: Done = { undo: [], directories: [] };
  try {
    for (const change of files) {
      attempt(change, scope, done, () => put(change, scope, done));
    }
    for (const change of links) {
      attempt({ ...change, target: change.path }, "project", done, () => link(change, done));
    }
    commit(done.directories);
  } catch (error) {
    for (const undo of done.undo.toReversed()) undo();
    removeEmpty(done.directories);
    throw error;
  }
}

function attempt(
  { path, target }: { path: string; target: string },
  scope: SetupScope,
  done: Done,
  work: () => void,
): void {
  try {
    done.directories.push(...makeDirectories(dirname(target), modes[scope].directory));
    work();
  } catch (error) {
    throw error instanceof ParleyError ? error : notWritable(path, error);
  }
}

function put(
  { path, target, before, after, executable }: FileChange,
  scope: SetupScope,
  { undo }: Done,
): void {
  const now = contents(target);
  if (!isSame(now, before)) {
    throw new ParleyError("busy", `${path} was changed by another program just now`, {
      hint: "run setup again; nothing was changed",
      details: { path },
    });
  }
  const mode = statSync(target, { throwIfNoEntry: false })?.mode;
  if (after === null) unlinkSync(target);
  else write(target, after, modes[scope][executable ? "directory" : "file"]);
  undo.push(() => {
    if (before === null) return rmSync(target, { force: true });
    write(target, before, 0o600);
    if (mode !== undefined) chmodSync(target, mode & 0o7777);
  });
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
