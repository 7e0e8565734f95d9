/** Asks git which files are not committed, and which are about to be. */

/** Time limit for git, in milliseconds. */
const timeoutMs = 500;

/**
 * The files among these that differ from the worktree's last commit or are new to it. Null where git fails. Paths are
 * absolute.
 */
export function uncommitted(top: string, files: readonly string[]): string[] | null {
  if (files.length === 0) return [];
  const output = git(top, [
    ...["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--"],
    ...files.map((file) => `:(top,literal)${file.slice(top.length + 1)}`),
  ]);
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

/** Git's output. By default git gets none of the variables by which the caller may mean another repository. */
function git(
  directory: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = ownEnvironment(),
): string | null {
  try {
    const { success, stdout } = Bun.spawnSync(["git", "--no-optional-locks", ...args], {
      cwd: directory,
      env,
      stdio: ["ignore", "pipe", "ignore"],
      timeout: timeoutMs,
    });
    return success ? stdout.toString() : null;
  } catch {
    return null;
  }
}

const ownEnvironment = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
