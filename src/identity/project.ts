/** Finds the project and the git worktree of a directory, without starting git. */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import type { ProjectFinding } from "../bus/identity";
import type { Environment } from "./known-agents";
import { readText } from "./read";

interface Repository {
  name: string;
  /** The main working tree; null for a bare repository. */
  root: string | null;
}

/** The project of a directory (a real path): by the environment's variables, otherwise by its git repository. */
export function findProject(cwd: string, env: Environment): ProjectFinding {
  const repository = findRepository(cwd);
  const root = repository?.root ?? null;
  for (const source of ["PARLEY_PROJECT", "CODITECT_PROJECT"] as const) {
    const project_id = env[source]?.trim();
    if (project_id) return { project_id, source, root };
  }
  return repository
    ? { project_id: repository.name, source: "git", root }
    : { project_id: null, source: "none", root };
}

/** The working tree around a directory, and the git directory that all working trees of its repository share. */
export function findWorktree(cwd: string): { top: string; repository: string } | null {
  for (let top = cwd; ; top = dirname(top)) {
    const git = join(top, ".git");
    const kind = kindOf(git);
    if (kind === "directory" && isGitDirectory(git)) return { top, repository: git };
    const linked = kind === "file" ? readGitFile(git, top) : null;
    if (linked) return { top, repository: linked.common ?? linked.own };
    if (dirname(top) === top) return null;
  }
}

/** The nearest git repository around a directory, found without starting git. */
function findRepository(cwd: string): Repository | null {
  for (let directory = cwd; ; directory = dirname(directory)) {
    const git = join(directory, ".git");
    const kind = kindOf(git);
    if (kind === "file") return fromGitFile(git, directory);
    if (kind === "directory" && isGitDirectory(git)) return named(directory);
    if (isGitDirectory(directory)) return fromCommonDirectory(directory);
    if (dirname(directory) === directory) return null;
  }
}

/** A `.git` file, `gitdir: PATH`, of a linked worktree, submodule or separate git directory; `common`: what all worktrees share. */
function readGitFile(file: string, top: string): { own: string; common: string | null } | null {
  const target = /^gitdir: *(.+?)\s*$/m.exec(readText(file) ?? "")?.[1];
  if (target === undefined) return null;
  const own = resolve(top, target);
  const common = readText(join(own, "commondir"))?.trim();
  return { own, common: common ? resolve(own, common) : null };
}

function fromGitFile(file: string, top: string): Repository | null {
  const linked = readGitFile(file, top);
  if (linked === null) return named(top);
  const { own, common } = linked;
  // The worktree's main repository was moved away, but its old path still has its name.
  const moved = existsSync(own) ? undefined : /^(.+)\/worktrees\/[^/]+$/.exec(own)?.[1];
  return fromCommonDirectory(common ?? moved ?? own) ?? named(top);
}

/** The repository, by the directory that all its worktrees share, so that all get the same name. */
function fromCommonDirectory(common: string): Repository | null {
  // The configuration of a submodule has the path of its files, relative to its git directory.
  const worktree = /^\s*worktree\s*=\s*(.+?)\s*$/m.exec(
    readText(join(common, "config")) ?? "",
  )?.[1];
  if (worktree !== undefined) return named(resolve(common, worktree.replace(/^"(.*)"$/, "$1")));
  const name = basename(common);
  if (name === ".git" || /^\.[^.]+$/.test(name)) return named(dirname(common));
  const bare = name.replace(/\.git$/, "");
  return bare === "" ? null : { name: bare, root: null };
}

function named(root: string): Repository | null {
  const name = basename(root);
  return name === "" ? null : { name, root };
}

/** By the files that git itself looks for; an empty `.git` directory is no repository. */
const isGitDirectory = (path: string): boolean =>
  existsSync(join(path, "HEAD")) &&
  existsSync(join(path, "objects")) &&
  existsSync(join(path, "refs"));

/** Null also where a directory on the path is not accessible or is a file. */
function kindOf(path: string): "file" | "directory" | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found ? (found.isDirectory() ? "directory" : "file") : null;
  } catch {
    return null;
  }
}
