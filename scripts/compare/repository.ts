/** Git repositories whose commits are the same on both sides. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import type { Stage } from "./stage";

const when = "2026-01-02T03:04:05Z";

/** What git needs to make the same commit again, on any machine. */
export const gitEnv = {
  GIT_AUTHOR_NAME: "You",
  GIT_AUTHOR_EMAIL: "you@example.org",
  GIT_COMMITTER_NAME: "You",
  GIT_COMMITTER_EMAIL: "you@example.org",
  GIT_AUTHOR_DATE: when,
  GIT_COMMITTER_DATE: when,
};

export function git(stage: Stage, directory: string, ...args: string[]): void {
  const { status, stderr } = spawnSync("git", ["-C", join(stage.root, directory), ...args], {
    env: { HOME: stage.home, PATH: "/usr/bin:/bin", ...gitEnv },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
}

/** One with two files and one commit, whose message makes its first commit another than that of the next one. */
export function repository(stage: Stage, directory: string): void {
  stage.write(`${directory}/a.txt`, "alpha\n");
  stage.write(`${directory}/sub/b.txt`, "beta\n");
  git(stage, directory, "init", "-q", "-b", "main");
  git(stage, directory, "add", "-A");
  git(stage, directory, "commit", "-q", "-m", `first of ${directory}`);
}
