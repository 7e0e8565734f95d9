/** Projects of git repositories and their worktrees. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { agents } from "../../src/agents/agents";
import { createIdentity } from "../../src/identity/identity";

const top = realpathSync(mkdtempSync(join(tmpdir(), "parley-project-")));
const at = (...parts: string[]) => join(top, ...parts);

const project = (cwd: string, env: Record<string, string> = {}) =>
  createIdentity({ agents, env, dataDirectory: "/nonexistent", cwd: top }).project(cwd);

function git(directory: string, ...args: string[]) {
  const config = [
    "user.name=T",
    "user.email=t@example.org",
    "protocol.file.allow=always",
    "init.defaultBranch=main",
  ];
  const result = Bun.spawnSync(["git", ...config.flatMap((entry) => ["-c", entry]), ...args], {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: top, GIT_CONFIG_NOSYSTEM: "1" },
    stderr: "pipe",
  });
  if (!result.success) throw new Error(`git ${args.join(" ")}: ${result.stderr}`);
}

function repository(name: string) {
  mkdirSync(at(name), { recursive: true });
  git(at(name), "init");
  git(at(name), "commit", "--allow-empty", "-m", "first");
}

afterAll(() => rmSync(top, { recursive: true, force: true }));

describe.if(Bun.which("git") !== null)("a git repository", () => {
  beforeAll(() => {
    repository("app");
    mkdirSync(at("app/src/deep"), { recursive: true });
  });

  test("names the project anywhere inside it", () => {
    const finding = { project_id: "app", source: "git" as const, root: at("app") };
    expect(project(at("app"))).toEqual(finding);
    expect(project(at("app/src/deep"))).toEqual(finding);
    expect(project(at("app/.git/hooks"))).toEqual(finding);
    symlinkSync(at("app/src"), at("link"));
    expect(project(at("link"))).toEqual(finding);
    expect(project("app/src")).toEqual(finding);
  });

  test("is one project with all its worktrees", () => {
    git(at("app"), "worktree", "add", at("elsewhere/feature"));
    expect(project(at("elsewhere/feature"))).toEqual({
      project_id: "app",
      source: "git",
      root: at("app"),
    });
  });

  test("keeps its name for a worktree after it was moved away", () => {
    repository("moving");
    git(at("moving"), "worktree", "add", at("left-behind"));
    renameSync(at("moving"), at("moved"));
    expect(project(at("left-behind")).project_id).toBe("moving");
  });

  test("that is a submodule is a project of its own, in its worktrees too", () => {
    repository("library");
    git(at("app"), "submodule", "add", at("library"), "vendor/lib");
    const finding = { project_id: "lib", source: "git" as const, root: at("app/vendor/lib") };
    expect(project(at("app/vendor/lib"))).toEqual(finding);
    git(at("app/vendor/lib"), "worktree", "add", at("lib-feature"));
    expect(project(at("lib-feature"))).toEqual(finding);
  });

  test("without working tree gives its name to its worktrees", () => {
    git(top, "clone", "--bare", at("app"), at("store/tool.git"));
    git(at("store/tool.git"), "worktree", "add", at("tool-main"), "main");
    const finding = { project_id: "tool", source: "git" as const, root: null };
    expect(project(at("store/tool.git"))).toEqual(finding);
    expect(project(at("tool-main"))).toEqual(finding);
  });

  test("hidden below a directory of worktrees has that directory's name", () => {
    mkdirSync(at("suite"));
    git(top, "clone", "--bare", at("app"), at("suite/.bare"));
    writeFileSync(at("suite/.git"), "gitdir: ./.bare\n");
    git(at("suite"), "worktree", "add", at("suite/main"), "main");
    const finding = { project_id: "suite", source: "git" as const, root: at("suite") };
    expect(project(at("suite"))).toEqual(finding);
    expect(project(at("suite/main"))).toEqual(finding);
  });

  test("with its git directory elsewhere is one project with its worktrees", () => {
    mkdirSync(at("far"));
    git(at("far"), "init", "--separate-git-dir", at("store/far.git"));
    git(at("far"), "commit", "--allow-empty", "-m", "first");
    git(at("far"), "worktree", "add", at("far-feature"));
    expect(project(at("far")).project_id).toBe("far");
    expect(project(at("far-feature")).project_id).toBe("far");
  });

  test("copied with a worktree's file that points nowhere has its directory's name", () => {
    mkdirSync(at("lost"));
    writeFileSync(at("lost/.git"), "no such thing");
    expect(project(at("lost"))).toEqual({ project_id: "lost", source: "git", root: at("lost") });
    cpSync(at("lost"), at("lost-too"), { recursive: true });
    expect(project(at("lost-too")).project_id).toBe("lost-too");
  });
});

test("an empty .git directory is no repository", () => {
  mkdirSync(at("plain/.git"), { recursive: true });
  expect(project(at("plain"))).toEqual({ project_id: null, source: "none", root: null });
});

test("a directory that does not exist belongs to the repository above it", () => {
  expect(project(at("nowhere/at/all"))).toEqual({ project_id: null, source: "none", root: null });
});

test("the environment names the project, PARLEY_PROJECT before CODITECT_PROJECT", () => {
  const env = { PARLEY_PROJECT: "ours", CODITECT_PROJECT: "theirs" };
  expect(project(top, env)).toEqual({ project_id: "ours", source: "PARLEY_PROJECT", root: null });
  expect(project(top, { ...env, PARLEY_PROJECT: " " })).toMatchObject({
    project_id: "theirs",
    source: "CODITECT_PROJECT",
  });
});
