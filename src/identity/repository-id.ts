/** The id of a repository on all machines: its first commit. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { hash } from "./host-id";

/** SHA-1 or SHA-256. */
const commitForm = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Time limit for git, in milliseconds: it walks through the whole history, once for every clone. */
const timeoutMs = 5000;

/**
 * The id of a repository on all machines: its first commit, read by git once and kept in `<data directory>/repositories`. A
 * repository without commits, a shallow clone, or one that git cannot read has an id on its machine only.
 */
export function repositoryName(
  gitDirectory: string,
  options: { dataDirectory: string; machineUuid: string },
): string {
  const file = join(options.dataDirectory, "repositories", hash(gitDirectory));
  const cached = read(file);
  if (cached !== null) return cached;
  const found = rootCommit(gitDirectory);
  if (found === null) return `${options.machineUuid}:${gitDirectory}`;
  cacheCommit(file, found);
  return found;
}

function rootCommit(gitDirectory: string): string | null {
  // The history of a shallow clone begins somewhere else.
  if (existsSync(join(gitDirectory, "shallow"))) return null;
  try {
    const { stdout, exitCode } = Bun.spawnSync({
      cmd: ["git", `--git-dir=${gitDirectory}`, "rev-list", "--max-parents=0", "HEAD"],
      stdin: "ignore",
      stderr: "ignore",
      timeout: timeoutMs,
    });
    // Newest first: the roots of histories that were merged later come before the first commit.
    const commit = stdout.toString().trim().split("\n").at(-1) ?? "";
    return exitCode === 0 && commitForm.test(commit) ? commit : null;
  } catch {
    return null;
  }
}

function read(file: string): string | null {
  try {
    const text = readFileSync(file, "utf8").trim();
    return commitForm.test(text) ? text : null;
  } catch {
    return null;
  }
}

function cacheCommit(file: string, commit: string): void {
  try {
    mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${commit}\n`, { mode: 0o600 });
  } catch {
    // The next call asks git again.
  }
}
