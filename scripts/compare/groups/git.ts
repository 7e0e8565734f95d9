/** Git under other sessions: lines of shell that are refused or warned of, and commits. */
import { type Group } from "../group";
import { payload, shell } from "../payloads";
import { git as run, gitEnv, repository } from "../repository";
import { play } from "../script";

const lines = [
  ...["git checkout main", "git checkout -b new", "git switch -c new", "git checkout -- b.txt"],
  ...["git restore a.txt", "git restore --staged a.txt", "git stash", "git stash list"],
  ...["git reset --hard", "git reset --soft HEAD~1", "git reset HEAD a.txt", "git clean -fd"],
  ...["git clean -n", "git rm a.txt", "git mv a.txt c.txt", "git rebase main", "git pull"],
  ...["git merge --continue", "git cherry-pick HEAD", "git worktree add ../x", "git log"],
  ...["cd sub && git checkout .", "bash -lc 'git reset --hard'", "sudo env A=1 git stash"],
  ...["git -C /nowhere checkout main", "echo a | xargs git checkout", "git commit -am x", "ls"],
  ...["eval 'git stash'", "(cd .. && git reset --hard)", "git checkout main; git status", "'"],
];

const worktrees: Group = {
  name: "git-lines",
  async play(stage) {
    repository(stage, "work");
    await stage.start("claude");
    await stage.start("codex");
    const hook = async (vendor: string, event: string, more: object) =>
      stage.run(vendor, `${vendor}'s ${event} ${stage.normaliser.text(JSON.stringify(more))}`, {
        program: ["parley", "hook", vendor],
        input: payload(vendor, event, stage.work, more as Record<string, unknown>),
      });
    for (const vendor of ["claude", "codex"]) await hook(vendor, "UserPromptSubmit", {});
    // While the other session only works there, and when it has edited a file there.
    for (const line of lines.slice(0, 8)) await hook("codex", "PreToolUse", shell("codex", line));
    const file = `${stage.work}/a.txt`;
    await hook("claude", "PreToolUse", { file });
    stage.write("work/a.txt", "changed\n");
    await hook("claude", "PostToolUse", { file });
    await hook("claude", "Stop", {});
    for (const line of lines) await hook("codex", "PreToolUse", shell("codex", line));
    await play(stage, "claude lock sub\ndesk setup --policy warn");
    for (const line of lines.slice(0, 8)) await hook("codex", "PreToolUse", shell("codex", line));
    await play(stage, "desk setup --policy off");
    await hook("codex", "PreToolUse", shell("codex", "git reset --hard"));
  },
};

const commits: Group = {
  name: "git-commits",
  async play(stage) {
    repository(stage, "work");
    const env = Object.entries(gitEnv)
      .map(([name, value]) => `${name}=${value}`)
      .join(" ");
    run(stage, "work", "config", "user.name", "You");
    const commit = (by: string, more = ""): string =>
      `${by} ${env} $ sh -c "echo x >>a.txt; echo x >>sub/b.txt; git add -A; git commit -q -m work ${more}"`;
    const at = ["claude register --task-id H.13.7", "codex register", "claude lock sub"].join("\n");
    await play(
      stage,
      `desk setup git
       ${at}
       ${commit("codex")}
       ${commit("claude")}
       ${commit("desk")}
       ${commit("desk", "--no-verify")}
       codex hook git pre-commit
       codex hook git pre-commit --json
       desk setup --policy warn
       ${commit("codex")}
       desk setup --policy off
       ${commit("codex")}
       desk setup --policy deny
       desk off
       ${commit("codex")}
       desk on
       ${commit("codex")}
       claude unlock sub
       ${commit("codex")}
       desk $ git log --format=%s
       desk doctor`,
    );
  },
};

export const git: readonly Group[] = [worktrees, commits];
