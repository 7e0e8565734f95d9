import { realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

import { ParleyError } from "../bus/errors";
import type { LockTarget } from "../bus/lock";
import { findWorktree } from "./project";

/** `res:port/3000` and the like: printable, without spaces or control characters. */
const resourceForm = /^res:[^\s\p{Cc}]{1,200}$/u;

/**
 * What a path given by the user stands for: the real path (links and `..` resolved, spelled as on disk), also of a
 * file that does not exist yet, and its place in a git repository. Throws `invalid` for a malformed one.
 */
export function findFile(path: string, cwd: string): LockTarget {
  if (path.startsWith("res:")) {
    if (resourceForm.test(path))
      return { file_path: path, repository: null, repository_path: null };
    throw new ParleyError("invalid", `${JSON.stringify(path)} names no resource`, {
      hint: "write res:NAME without spaces, such as res:port/3000",
    });
  }
  if (path.includes("\0")) {
    throw new ParleyError("invalid", "A path contains a NUL character", {
      hint: "correct the path",
    });
  }
  const file_path = realPath(resolve(cwd, path));
  const worktree = findWorktree(dirname(file_path)) ?? findWorktree(file_path);
  if (!worktree) return { file_path, repository: null, repository_path: null };
  return {
    file_path,
    repository: realPath(worktree.repository),
    repository_path: relative(worktree.top, file_path).split(sep).join("/") || ".",
  };
}

/**
 * What is not there yet has no spelling on disk: the existing part is resolved, and the rest is brought into one
 * Unicode form, so that two sessions that are about to create it mean the same file.
 */
function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path).normalize("NFC"));
  }
}
