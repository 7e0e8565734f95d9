/** Which worktree changes are read from lines of shell that call git. */
import { describe, expect, test } from "bun:test";
import { array, assert, constantFrom, oneof, property, string } from "fast-check";

import { rules, treeChange } from "../../src/hooks/git";
import { mayChangeTree } from "../../src/hooks/respond";
import { shellCommands } from "../../src/hooks/shell";

const env = { HOME: "/home/you", APP: "/w/app" };
const there = ["/w", "/w/a.ts", "/w/src", "/w/b.ts", "/w/sub/a.ts"];

/** What a line does, each as `files /w`, `files /w: /w/a.ts` or `branch /w`. */
const effects = (line: string): string[] =>
  shellCommands(line, "/w", env).flatMap((each) => {
    const change = treeChange(each, (path) => there.includes(path));
    if (!change) return [];
    const { changes, directory, paths } = change;
    return [`${changes} ${directory}${paths ? `: ${paths.join(" ")}` : ""}`];
  });

test("A line of shell is parsed for every subcommand that changes a worktree, and for no other", () => {
  for (const name of Object.keys(rules))
    expect([name, mayChangeTree({ command: `cd x && git -C y ${name} z` })]).toEqual([name, true]);
  for (const command of [null, "stash it", "git status", "git commit -m 'more'", "legit stash"])
    expect([command, mayChangeTree({ command })]).toEqual([command, false]);
});

describe("Files of the whole worktree may change", () => {
  test.each([
    "git checkout main",
    "git checkout -",
    "git checkout -f",
    "git checkout -b new origin/main",
    "git checkout main --",
    "git checkout --detach v1.0",
    "git checkout $BRANCH",
    "git checkout -- $FILES",
    "git checkout ':(top)src'",
    "git checkout -p",
    "git switch main",
    "git switch -c new origin/main",
    "git switch --discard-changes main",
    "git switch --orphan empty",
    "git stash",
    "git stash -u",
    "git stash push -m 'half done'",
    "git stash -m list",
    "git stash pop",
    "git stash apply stash@{1}",
    "git stash branch later",
    "git reset --hard",
    "git reset --hard HEAD~3",
    "git reset --keep origin/main",
    "git clean -fd",
    "git clean -fdx -e node_modules",
    "git rebase main",
    "git rebase -i HEAD~3",
    "git rebase --abort",
    "git rebase --continue",
    "git merge topic",
    "git merge --abort",
    "git pull",
    "git pull --rebase origin main",
    "git cherry-pick abc123",
    "git revert HEAD",
    "git am < x.patch",
    "git bisect start HEAD v1.0",
    // Ways to write it.
    "/usr/bin/git stash",
    "command git stash",
    "\\git stash",
    "'git' \"stash\"",
    "g''it st\"as\"h",
    "GIT_PAGER=cat git stash",
    "env -u X LANG=C git stash",
    "sudo -u you git stash",
    "nice -n 5 git stash",
    "timeout -k 5 60 git stash",
    "time git stash",
    "! git stash",
    "exec git stash",
    "flock /tmp/lock git stash",
    "git --no-pager -c a.b=c stash",
    "git --git-dir=.git stash",
    "make; git stash",
    "make && git stash || true",
    "true | git stash",
    "git stash &",
    "(git stash)",
    "{ git stash; }",
    "if true; then git stash; fi",
    "[ -d x ] || git stash",
    "while read x; do git stash; done < list",
    "case $x in a) git stash;; esac",
    "echo $(git stash)",
    'echo "`git stash`"',
    "cat <(git stash)",
    "x=$(git stash)",
    'bash -c "git stash"',
    "bash -lc 'git stash'",
    `sh -c "bash -c 'git stash'"`,
    "bash -euo pipefail -c 'git stash'",
    'eval "git stash"',
    "bash <<'EOF'\ngit stash\nEOF",
    "bash <<< 'git stash'",
    "save() { git stash; }; save",
    "echo main | xargs git checkout",
    "git stash # later",
    "git \\\n  stash",
    "git stash > log 2>&1",
    'cd "$(git rev-parse --show-toplevel)" && git stash',
  ])("by %j", (line) => {
    const [first, ...more] = effects(line);
    expect(first).toStartWith("files /w");
    expect(first).not.toContain(": ");
    expect(more).toEqual([]);
  });
});

describe("Only some files may change", () => {
  test.each([
    ["git checkout a.ts", "/w/a.ts"],
    ["git checkout -- a.ts gone.ts", "/w/a.ts /w/gone.ts"],
    ["git checkout main src", "/w/src"],
    ["git checkout main -- src b.ts", "/w/src /w/b.ts"],
    ["git checkout .", "/w"],
    ["git checkout -- 'src/**/*.ts'", "/w/src/"],
    ["git restore a.ts", "/w/a.ts"],
    ["git restore -s HEAD~1 -SW a.ts", "/w/a.ts"],
    ["git restore --source=main --staged --worktree a.ts", "/w/a.ts"],
    ["git stash push -m x -- a.ts", "/w/a.ts"],
    ["git stash push a.ts b.ts", "/w/a.ts /w/b.ts"],
    ["git stash -- a.ts", "/w/a.ts"],
    ["git clean -fd build/", "/w/build/"],
    ["git rm -r src", "/w/src"],
    ["git mv a.ts c.ts", "/w/a.ts /w/c.ts"],
    ["for f in a.ts b.ts; do git checkout -- $f; done", "/w/a.ts|/w/b.ts"],
  ])("by %j", (line, paths) => {
    expect(
      effects(line).map((each) => each.replace(/^files \/w: /, "").replace(/(?<=.)\/$/, "")),
    ).toEqual(paths.split("|").map((each) => each.replace(/(?<=.)\/$/, "")));
  });
});

describe("No file changes, but what is checked out,", () => {
  test.each([
    "git checkout -b new",
    "git checkout -qb new",
    "git checkout -B new HEAD",
    "git checkout --orphan new",
    "git checkout --detach",
    "git switch -c new",
    "git switch --create=new",
    "git switch --detach",
    "git reset --soft HEAD~1",
    "git reset HEAD~1",
  ])("by %j", (line) => {
    expect(effects(line)).toEqual(["branch /w"]);
  });
});

describe("Nothing changes", () => {
  test.each([
    "git status",
    "git log --oneline",
    "git diff HEAD -- a.ts",
    "git add -A && git commit -m 'git stash is gone'",
    "git fetch",
    "git push",
    "git branch -D old",
    "git worktree add ../other main",
    "git checkout",
    "git checkout --help",
    "git switch",
    "git restore --staged a.ts",
    "git restore -S .",
    "git stash list",
    "git stash show -p",
    "git stash drop",
    "git stash create",
    "git reset",
    "git reset HEAD a.ts",
    "git reset -- a.ts",
    "git reset a.ts",
    "git reset --soft HEAD",
    "git clean -n",
    "git clean -nd",
    "git clean --dry-run",
    "git rebase --quit",
    "git rebase --show-current-patch",
    "git merge --quit",
    "git merge --continue",
    "git pull --dry-run",
    "git rm --cached a.ts",
    "git mv -n a.ts c.ts",
    "git bisect log",
    "git --help checkout",
    "git --version",
    "git help stash",
    "git",
    "git -C",
    "gitk stash",
    "echo git stash",
    "echo 'git stash'",
    "# git stash",
    "grep -r 'git checkout' .",
    "cat <<EOF\ngit stash\nEOF",
    "command -v git",
    "bash script-git.sh",
    "save() { git stash; }",
    "$GIT stash",
    'bash -c "$SCRIPT" git',
    'eval "$SCRIPT git"',
    "",
  ])("by %j", (line) => {
    expect(effects(line)).toEqual([]);
  });
});

describe("The directory", () => {
  test.each([
    ["git -C sub stash", "/w/sub"],
    ["git -C a -C ../b stash", "/w/b"],
    ["git -C '/x y' stash", "/x y"],
    ["git -C ~/app stash", "/home/you/app"],
    ["git -C $HOME/app stash", "/home/you/app"],
    ['git -C "${APP}" stash', "/w/app"],
    ["D=/x; git -C $D stash", "/x"],
    ["export D=/x && git -C $D/y stash", "/x/y"],
    ["git --work-tree=/x --git-dir /y stash", "/x"],
    ["GIT_WORK_TREE=/x git stash", "/x"],
    ["cd sub && git stash", "/w/sub"],
    ["cd sub; cd ..; git stash", "/w"],
    ["cd; git stash", "/home/you"],
    ["cd /x && cd - && git stash", "/w"],
    ["cd -P /x && git stash", "/x"],
    ["(cd /x && make); git stash", "/w"],
    ["(cd /x && git stash)", "/x"],
    ["cd /x | true; git stash", "/w"],
    ["cd /x & git stash", "/w"],
    ["{ cd /x; }; git stash", "/x"],
    ["pushd /x && git stash", "/x"],
    ["bash -c 'cd /x && git stash'", "/x"],
    ["bash -c 'cd /x'; git stash", "/w"],
    ["git worktree remove ../other", "/other"],
    ["git worktree remove --force /t", "/t"],
  ])("of %j is %s", (line, directory) => {
    expect(effects(line)).toEqual([`files ${directory}`]);
  });

  test.each([
    'cd "$(mktemp -d)" && git stash',
    "cd $UNKNOWN && git stash",
    "git -C $(dirname x) stash",
    "pushd /x; popd; git stash",
  ])("of %j is not known, so that it passes", (line) => {
    expect(effects(line)).toEqual([]);
  });
});

describe("Of a faulty line", () => {
  test.each([
    ["git stash; echo 'open", ["files /w"]],
    ["git stash && (", ["files /w"]],
    ["git stash )", ["files /w"]],
    ["if git stash", ["files /w"]],
  ])("what can be made out counts: %j", (line, expected) => {
    expect(effects(line)).toEqual(expected);
  });

  test("no input makes the reader throw or run long", () => {
    const words = constantFrom(
      ...[
        "git",
        "stash",
        "checkout",
        "cd",
        "bash",
        "-c",
        "eval",
        "'",
        '"',
        "`",
        "$(",
        ")",
        "(",
        "{",
        "}",
      ],
      ...[
        "<<EOF\n",
        "EOF",
        "\n",
        ";",
        "&&",
        "||",
        "|",
        "&",
        "f()",
        "f",
        "if",
        "then",
        "fi",
        "for x in",
      ],
      ...[
        "do",
        "done",
        "case x in",
        "esac",
        "$",
        "${",
        "\\",
        "-C",
        "--",
        "~",
        "*",
        "[[",
        "]]",
        "((",
        "))",
      ],
    );
    const lines = oneof(
      string({ unit: "binary", maxLength: 200 }),
      array(words, { maxLength: 40 }).map((each) => each.join(" ")),
      array(words, { maxLength: 40 }).map((each) => each.join("")),
    );
    assert(
      property(lines, (line) => {
        effects(line);
      }),
      { numRuns: 1000 },
    );
    effects(`${"(".repeat(20_000)}git stash`);
    effects(`${"$(".repeat(100_000)}git stash`);
    effects(`${'"$('.repeat(900)}git stash`);
    effects(`f() { f; f; git stash; }; f`);
    effects(`eval "${"git stash;".repeat(20_000)}"`);
    effects(`${`for a in ${"x ".repeat(30)}; do `.repeat(12)} git stash ${"; done".repeat(12)}`);
  });
});
