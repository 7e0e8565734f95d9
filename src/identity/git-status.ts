/** What git says is not committed, or about to be. */

/** How long git is waited for, in milliseconds. */
const timeoutMs = 500;

/**
 * Those of these files of a worktree that differ from its last commit, or are new to it. Null where git cannot say.
 * Paths are absolute.
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

/** Files whose change the index holds, by absolute path: what a commit here would take. Null where git cannot say. */
export function staged(top: string): string[] | null {
  const output = git(top, ["diff", "--cached", "--name-only", "--no-renames", "-z"], process.env);
  if (output === null) return null;
  return output
    .split("\0")
    .filter(Boolean)
    .map((path) => `${top}/${path}`.normalize("NFC"));
}

/** What git prints. Without the variables by which a caller may mean another repository, unless told to keep them. */
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
