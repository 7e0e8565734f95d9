/** Asks git for a repository's first commit, and for the files that are not committed or about to be. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Environment } from "./known-agents";
import { hash } from "./machine";
import { readText } from "./read";

/** Time limit for git, in milliseconds. */
const statusTimeoutMs = 500;
/** It walks through the whole history, once for every clone. */
const historyTimeoutMs = 5000;

/** The absolute paths among these that differ from the last commit or are new to it. Null where git fails. */
export function uncommitted(top: string, files: readonly string[]): string[] | null {
  if (files.length === 0) return [];
  // By default git would get the variables by which the caller may mean another repository.
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  const output = git(
    top,
    [
      ...["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--"],
      ...files.map((file) => `:(top,literal)${file.slice(top.length + 1)}`),
    ],
    Object.fromEntries(env),
  );
  if (output === null) return null;
  const changed = new Set(
    output.split("\0").map((entry) => `${top}/${entry.slice(3)}`.normalize("NFC")),
  );
  return files.filter((file) => changed.has(file));
}

/** Absolute paths of the files that a commit would take from the index. Null where git fails. */
export function staged(top: string): string[] | null {
  const output = git(top, ["diff", "--cached", "--name-only", "--no-renames", "-z"], process.env);
  if (output === null) return null;
  return output
    .split("\0")
    .filter(Boolean)
    .map((path) => `${top}/${path}`.normalize("NFC"));
}

/** SHA-1 or SHA-256. */
const commitForm = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** The id of a repository on all machines: its first commit, read once and kept in `<data directory>/repositories`. */
export function repositoryName(
  gitDirectory: string,
  options: { dataDirectory: string; machineUuid: string },
): string {
  const file = join(options.dataDirectory, "repositories", hash(gitDirectory));
  const cached = commitIn(readText(file)?.trim());
  if (cached !== null) return cached;
  const found = rootCommit(gitDirectory);
  // Without commits, in a shallow clone, or where git fails, the id is of this machine only.
  if (found === null) return `${options.machineUuid}:${gitDirectory}`;
  cacheCommit(file, found);
  return found;
}

function rootCommit(gitDirectory: string): string | null {
  // The history of a shallow clone begins somewhere else.
  if (existsSync(join(gitDirectory, "shallow"))) return null;
  const cmd = ["git", `--git-dir=${gitDirectory}`, "rev-list", "--max-parents=0", "HEAD"];
  // Newest first: the roots of histories that were merged later come before the first commit.
  return commitIn(run(cmd, { timeout: historyTimeoutMs })?.trim().split("\n").at(-1));
}

const commitIn = (text: string | undefined): string | null =>
  text !== undefined && commitForm.test(text) ? text : null;

function cacheCommit(file: string, commit: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${commit}\n`, { mode: 0o600 });
  } catch {
    // The next call asks git again.
  }
}

const git = (cwd: string, args: readonly string[], env: Environment): string | null =>
  run(["git", "--no-optional-locks", ...args], { cwd, env, timeout: statusTimeoutMs });

/** Git's output; null where it fails. */
function run(
  cmd: string[],
  options: { cwd?: string; env?: Environment; timeout: number },
): string | null {
  try {
    const { success, stdout } = Bun.spawnSync({
      ...options,
      cmd,
      stdin: "ignore",
      stderr: "ignore",
    });
    return success ? stdout.toString() : null;
  } catch {
    return null;
  }
}
