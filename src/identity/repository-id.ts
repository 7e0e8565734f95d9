/** A repository's name on all machines: its first commit. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { hash } from "./host-id";

/** SHA-1 or SHA-256. */
const commitForm = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** How long git may take, in milliseconds: it walks through the whole history, once for every clone. */
const timeoutMs = 5000;

/**
 * What a repository is called on all machines: its first commit, asked of git once and kept in
 * `<data directory>/repositories`. One that has none yet, is shallow, or cannot be asked is known on its machine only.
 */
export function repositoryName(
  gitDirectory: string,
  place: {
    dataDirectory: string;
    machineUuid: string;
  },
): string {
  const file = join(place.dataDirectory, "repositories", hash(gitDirectory));
  const known = read(file);
  if (known !== null) return known;
  const found = rootCommit(gitDirectory);
  if (found === null) return `${place.machineUuid}:${gitDirectory}`;
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
    // Newest first: what was merged in later comes before the beginning.
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
    // Then git is asked again the next time.
  }
}
