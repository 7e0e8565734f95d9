/** Resolves a path to the real file and its path in a repository. */
import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

import { ParleyError } from "../bus/errors";
import type { LockTarget } from "../bus/lock";
import { findWorktree } from "./project";
import { readLink } from "./read";

/** `res:port/3000` and the like: printable, without spaces or control characters. */
const resourceForm = /^res:[^\s\p{Cc}]{1,200}$/u;

/** PATH_MAX of Linux (limits.h), the longest of what systems open by default. */
const maxPathLength = 4096;

/**
 * The lock target of a path: its real path (links and `..` resolved, case as on disk, in Unicode form NFC), also for a file
 * that does not exist yet, and its path in a git repository. Throws `invalid` for a malformed path.
 */
export function findFile(path: string, cwd: string): LockTarget {
  if (path.startsWith("res:")) {
    if (resourceForm.test(path))
      return { file_path: path, repository: null, repository_path: null };
    throw new ParleyError("invalid", `${JSON.stringify(path)} names no resource`, {
      hint: "write res:NAME without spaces, such as res:port/3000",
    });
  }
  const fault = path.includes("\0")
    ? "A path contains a NUL character"
    : path.length > maxPathLength && `A path has at most ${maxPathLength} characters`;
  if (fault) throw new ParleyError("invalid", fault, { hint: "correct the path" });
  const onDisk = realPath(absolute(cwd, path));
  const file_path = normalized(onDisk);
  const worktree = findWorktree(dirname(onDisk)) ?? findWorktree(onDisk);
  if (!worktree) return { file_path, repository: null, repository_path: null };
  return {
    file_path,
    repository: realPath(worktree.repository),
    repository_path: relative(normalized(worktree.top), file_path).split(sep).join("/") || ".",
  };
}

/**
 * Two sessions that are about to create a file must mean the same file in either Unicode form, and the creator must find
 * its lock again under the form that is then on disk.
 */
const normalized = (path: string): string => path.normalize("NFC");

/** `..` is kept, since behind a link to a directory it leads to that directory's parent. Not so on Windows. */
const absolute = (cwd: string, path: string): string =>
  sep === "\\" ? resolve(cwd, path) : isAbsolute(path) ? path : `${cwd}${sep}${path}`;

/** The real path, also where its last parts, or the target of a link, do not exist yet. */
function realPath(path: string, links = maxLinks): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    if (parent === path) return path;
    const above = realPath(parent, links);
    const name = basename(path);
    if (name === ".") return above;
    if (name === "..") return dirname(above);
    const whole = join(above, name);
    const target = links > 0 ? readLink(whole) : null;
    return target === null ? whole : realPath(absolute(above, target), links - 1);
  }
}

/** Links in a row that are followed, as on Linux (path_resolution(7)): they may form a cycle. */
const maxLinks = 40;
