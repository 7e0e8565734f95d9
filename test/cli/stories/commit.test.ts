/** Stories of the git hook before commits. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join as pathOf } from "node:path";

import { type Run, sandbox, type Sandbox } from "../../support";
import { startSession, type TestSession } from "./agents";

let box: Sandbox;
let repository: string;
beforeEach(() => {
  box = sandbox();
  repository = pathOf(box.dir, "app");
  mkdirSync(repository);
  git("init", "-q", "-b", "main");
  git("config", "user.name", "You");
  git("config", "user.email", "you@example.org");
  write("a.txt", "a\n");
  write("sub/b.txt", "b\n");
  git("add", "-A");
  git("commit", "-q", "-m", "first");
});
afterEach(() => box.cleanup());

function git(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("git", ["-C", repository, ...args], {
    env: { HOME: box.home, PATH: "/usr/bin:/bin" },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function write(name: string, text: string): void {
  const path = pathOf(repository, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const setup = (...args: string[]): Promise<Run> =>
  box.parley(["setup", "git", ...args], { cwd: repository });

/** A human at a terminal commits everything. */
const commit = (...args: string[]): Promise<Run> => commitBy(null, ...args);

/** Stages and commits all changes as the agent of a session; with null as a human. */
async function commitBy(session: TestSession | null, ...args: string[]): Promise<Run> {
  const line = `git add -A && git commit -q -m work ${args.join(" ")}`;
  if (session) return session.shell(line, { cwd: repository });
  const desk = await box.startAgent("desk");
  return desk.run(["sh", "-c", line], { cwd: repository });
}

const commits = (): number => Number(git("rev-list", "--count", "HEAD"));
const session = (vendor: string): Promise<TestSession> =>
  startSession(box, vendor, { cwd: repository });

describe("A commit", () => {
  test("of a file that another session holds is refused, with the holder and how to reach it", async () => {
    await setup();
    const [claude, codex] = [await session("claude"), await session("codex")];
    await claude.parley("task", "H.13.7");
    await claude.parley("lock", "sub");
    write("a.txt", "mine\n");
    write("sub/b.txt", "theirs\n");
    const run = await commitBy(codex);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toStartWith(
      "parley: refused this commit: it has a file that another session holds\n",
    );
    expect(run.stderr).toMatch(new RegExp(`\n  sub/b.txt: ${claude.id}, since \\d{4}-`));
    expect(run.stderr).toContain(`${claude.id}: claude, task H.13.7, in ${repository}\n`);
    expect(run.stderr).toContain(`ask: parley message ${claude.id} "…"`);
    expect(run.stderr).not.toContain("--no-verify");
    expect(commits()).toBe(1);

    git("restore", "--staged", "sub/b.txt");
    expect((await codex.shell("git commit -q -m mine", { cwd: repository })).exitCode).toBe(0);
    await claude.agent.kill();
    expect(await commitBy(codex)).toMatchObject({ exitCode: 0, stderr: "" });
    expect(commits()).toBe(3);
  });

  test("of files that only its own session holds passes", async () => {
    await setup();
    const claude = await session("claude");
    await claude.parley("lock", "a.txt");
    write("a.txt", "mine\n");
    expect(await commitBy(claude)).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("by a human is refused too, who is told how to commit all the same", async () => {
    await setup();
    const claude = await session("claude");
    await claude.parley("lock", "a.txt");
    write("a.txt", "by hand\n");
    const run = await commit();
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toEndWith("To commit all the same: git commit --no-verify\n");
    expect((await commit("--no-verify")).exitCode).toBe(0);
  });

  test("goes by what the user has chosen for edits", async () => {
    await setup();
    const claude = await session("claude");
    await claude.parley("lock", "a.txt");
    const preferences = pathOf(box.home, ".local/share/parley/preferences.json");
    writeFileSync(preferences, '{"edits":"warn"}');
    write("a.txt", "one\n");
    const warned = await commit();
    expect(warned.exitCode).toBe(0);
    expect(warned.stderr).toStartWith("parley: warning: this commit goes through: it has a file");
    for (const text of ['{"edits":"off"}', '{"off":true}']) {
      writeFileSync(preferences, text);
      write("a.txt", text);
      expect(await commit()).toMatchObject({ exitCode: 0, stderr: "" });
    }
  });

  test("looks at what is committed: deleted, renamed and partly staged files, in any worktree", async () => {
    await setup();
    const claude = await session("claude");
    git("worktree", "add", "-q", "../tree", "-b", "tree");
    await claude.parley("lock", "a.txt", "../tree/a.txt");
    git("mv", "a.txt", "c.txt");
    expect((await commit()).stderr).toContain("\n  a.txt: ");
    git("reset", "-q", "--hard");
    git("rm", "-q", "a.txt");
    expect((await commit()).stderr).toContain("\n  a.txt: ");
    git("reset", "-q", "--hard");
    write("a.txt", "left alone\n");
    write("sub/b.txt", "committed\n");
    const desk = await box.startAgent("desk", { cwd: repository });
    const partly = await desk.run(["git", "commit", "-q", "-m", "b", "sub/b.txt"]);
    expect(partly).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await desk.run(["git", "commit", "-q", "-m", "a", "-a"])).exitCode).toBe(1);

    repository = pathOf(box.dir, "tree");
    write("a.txt", "changed\n");
    expect((await commit()).exitCode).toBe(1);
  });

  test("names ten of many files", async () => {
    await setup();
    const claude = await session("claude");
    await claude.parley("lock", ".");
    for (let n = 0; n < 300; n++) write(`many/${n}.txt`, "new\n");
    const { stderr } = await commit();
    expect(stderr).toContain("it has 300 files");
    expect(stderr).toContain("\n  and 290 more\n");
    expect(stderr.split("\n")).toHaveLength(16);
  });

  test("passes where parley is gone, broken, or cannot judge", async () => {
    await setup();
    const claude = await session("claude");
    await claude.parley("lock", "a.txt");
    write("a.txt", "1\n");
    const hook = pathOf(repository, ".git/hooks/pre-commit");
    const text = readFileSync(hook, "utf8");
    const broken = pathOf(box.dir, "broken");
    for (const program of [pathOf(box.dir, "gone"), broken]) {
      writeFileSync(hook, text.replaceAll(/'[^']*parley'/g, `'${program}'`));
      writeFileSync(broken, "#!/bin/sh\nexit 1\n");
      chmodSync(broken, 0o755);
      write("a.txt", program);
      expect((await commit()).exitCode).toBe(0);
    }
    writeFileSync(hook, text);
    writeFileSync(box.db, "not a database, but long enough to look at ".repeat(50));
    for (const suffix of ["-wal", "-shm"]) rmSync(box.db + suffix, { force: true });
    write("a.txt", "2\n");
    expect(await commit()).toMatchObject({ exitCode: 0, stderr: "" });
    const log = pathOf(box.home, ".local/share/parley/hook.log");
    expect(readFileSync(log, "utf8")).toContain("git pre-commit invalid");
  });
});

describe("parley setup git", () => {
  test("makes a hook, says how it is passed, and leaves nothing of it", async () => {
    const run = await setup();
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toStartWith("Set up: git, in this project\n  created  ");
    expect(run.stdout).toContain("--no-verify");
    expect((await setup()).stdout).toStartWith("Nothing to do: git");
    expect((await setup("--remove")).stdout).toContain("removed");
    expect(existsSync(pathOf(repository, ".git/hooks/pre-commit"))).toBe(false);
  });

  test("gives back a hook that has nothing but its first line", async () => {
    const hook = pathOf(repository, ".git/hooks/pre-commit");
    writeFileSync(hook, "#!/bin/sh\n");
    await setup();
    await setup("--remove");
    expect(readFileSync(hook, "utf8")).toBe("#!/bin/sh\n");
  });

  test("outside of a repository is not_found", async () => {
    const run = await box.parley(["setup", "git", "--json"], { cwd: box.home });
    expect(run.exitCode).toBe(4);
    expect(run.json().error.code).toBe("not_found");
  });

  const hooks: [kind: string, text: string][] = [
    ["shell", "#!/bin/sh\necho theirs >> log\nexit 0\n"],
    ["Bash by env", "#!/usr/bin/env bash\nset -euo pipefail\necho theirs >> log\n"],
    ["no interpreter", "echo theirs >> log\n"],
    ["Python", "#!/usr/bin/env python3\nopen('log', 'a').write('theirs\\n')\n"],
    ["an odd interpreter", '#!/usr/bin/awk -f\nBEGIN { print "theirs" >> "log" }\n'],
  ];
  for (const [kind, theirs] of hooks) {
    const isMissing = kind === "Python" && Bun.which("python3") === null;
    test.skipIf(isMissing)(
      `runs beside a hook in ${kind}, and gives it back as it was`,
      async () => {
        const hook = pathOf(repository, ".git/hooks/pre-commit");
        writeFileSync(hook, theirs);
        chmodSync(hook, 0o755);
        await setup();
        const claude = await session("claude");
        await claude.parley("lock", "a.txt");
        write(".gitignore", "log\n");
        expect((await commit()).exitCode).toBe(0);
        expect(readFileSync(pathOf(repository, "log"), "utf8")).toBe("theirs\n");
        write("a.txt", "held\n");
        expect((await commit()).exitCode).toBe(1);
        expect((await setup()).stdout).toStartWith("Nothing to do");
        await setup("--remove");
        expect(readFileSync(hook, "utf8")).toBe(theirs);
        expect(git("status", "--porcelain", "--ignored")).not.toContain("before-parley");
        expect(existsSync(`${hook}.before-parley`)).toBe(false);
        expect((await commit()).exitCode).toBe(0);
      },
    );
  }

  test("honours core.hooksPath, also husky's, and says what that means", async () => {
    const husky = pathOf(repository, ".husky/_");
    mkdirSync(husky, { recursive: true });
    const wrapper = '#!/usr/bin/env sh\n. "$(dirname "$0")/h"';
    writeFileSync(pathOf(husky, "pre-commit"), wrapper);
    writeFileSync(pathOf(husky, "h"), "echo husky >> log\n");
    chmodSync(pathOf(husky, "pre-commit"), 0o755);
    git("config", "core.hooksPath", ".husky/_");
    const run = await setup();
    expect(run.stdout).toContain("husky writes");
    const claude = await session("claude");
    await claude.parley("lock", "a.txt");
    write("a.txt", "held\n");
    expect((await commit()).stderr).toContain("refused this commit");
    expect((await commit("--no-verify")).exitCode).toBe(0);
    await setup("--remove");
    expect(readFileSync(pathOf(husky, "pre-commit"), "utf8")).toBe(wrapper);

    git("config", "core.hooksPath", ".githooks");
    expect((await setup()).stdout).toContain("in the worktree: commit nothing of ours there");
    await setup("--remove");

    const shared = pathOf(box.dir, "shared-hooks");
    git("config", "core.hooksPath", shared);
    expect((await setup()).stdout).toContain("may serve other repositories too");
    expect(existsSync(pathOf(shared, "pre-commit"))).toBe(true);
    await setup("--remove");
    expect(existsSync(shared)).toBe(false);
  });

  test("in a linked worktree serves the repository", async () => {
    git("worktree", "add", "-q", "../tree", "-b", "tree");
    const run = await box.parley(["setup", "git"], { cwd: pathOf(box.dir, "tree") });
    expect(run.stdout).not.toContain("may serve other");
    expect(existsSync(pathOf(repository, ".git/hooks/pre-commit"))).toBe(true);
  });

  test("warns of a hook that git does not run", async () => {
    const hook = pathOf(repository, ".git/hooks/pre-commit");
    writeFileSync(hook, "#!/bin/sh\nexit 1\n");
    chmodSync(hook, 0o644);
    expect((await setup()).stdout).toContain("not executable");
  });

  test("is undone in every repository by setup --remove without a name", async () => {
    const other = pathOf(box.dir, "other");
    mkdirSync(other);
    git("init", "-q", other);
    const gone = pathOf(box.dir, "gone");
    git("init", "-q", gone);
    const theirs = "#!/usr/bin/env python3\nprint('theirs')\n";
    writeFileSync(pathOf(other, ".git/hooks/pre-commit"), theirs);
    for (const cwd of [repository, other, gone]) await box.parley(["setup", "git"], { cwd });
    rmSync(gone, { recursive: true });
    const run = await box.parley(["setup", "--remove"]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toStartWith("Removed: git\n");
    expect(existsSync(pathOf(repository, ".git/hooks/pre-commit"))).toBe(false);
    expect(readFileSync(pathOf(other, ".git/hooks/pre-commit"), "utf8")).toBe(theirs);
    expect(existsSync(pathOf(other, ".git/hooks/pre-commit.before-parley"))).toBe(false);
    expect((await box.parley(["setup", "--remove"])).stdout).toStartWith("Nothing to do");
  });

  test("is left in a repository where it cannot be undone, and setup --remove goes on", async () => {
    const [binary, closed] = ["binary", "closed"].map((name) =>
      pathOf(box.dir, name, ".git/hooks"),
    );
    for (const each of [binary!, closed!]) git("init", "-q", dirname(dirname(each)));
    for (const cwd of [repository, binary!, closed!]) {
      await box.parley(["setup", "git"], { cwd: cwd.replace("/.git/hooks", "") });
    }
    const theirs = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff]);
    writeFileSync(pathOf(binary!, "pre-commit"), theirs);
    chmodSync(closed!, 0o500);
    const run = await box.parley(["setup", "--remove", "--json"]);
    chmodSync(closed!, 0o700);
    expect(run.exitCode).toBe(0);
    const left = (of: Run): string[] =>
      of.json().warnings.map(({ code }: { code: string }) => code);
    expect(left(run)).toEqual(["left", "left"]);
    expect(existsSync(pathOf(repository, ".git/hooks/pre-commit"))).toBe(false);
    expect(readFileSync(pathOf(binary!, "pre-commit"))).toEqual(theirs);
    const again = (await box.parley(["setup", "--remove", "--json"])).json();
    expect(again.data.changes).toMatchObject([{ path: pathOf(closed!, "pre-commit") }]);
    expect(again).not.toHaveProperty("warnings");
  });

  test("is looked at by doctor, wherever it was done", async () => {
    const found = async (): Promise<{ status: string; message: string }[]> => {
      const { findings } = (await box.parley(["doctor", "--json"])).json().data;
      return findings.filter(({ check }: { check: string }) => check === "git.hooks");
    };
    expect(await found()).toEqual([]);
    await setup();
    const hook = pathOf(repository, ".git/hooks/pre-commit");
    expect(await found()).toMatchObject([{ status: "ok", message: expect.stringContaining(hook) }]);
    const text = readFileSync(hook, "utf8");
    writeFileSync(hook, text.replace(/'[^']*parley'/g, "'/nowhere/parley'"));
    expect(await found()).toMatchObject([
      { status: "error", message: `in ${hook}: /nowhere/parley is not there any more` },
    ]);
    writeFileSync(hook, text.replace("exit 1", "exit 0"));
    expect(await found()).toMatchObject([{ status: "warning" }]);
    writeFileSync(hook, "#!/bin/sh\n");
    expect(await found()).toMatchObject([
      { status: "warning", message: expect.stringContaining("has lost") },
    ]);
    await setup("--remove");
    expect(await found()).toEqual([]);
  });

  test("leaves a hook that is a program as it is, and says how it could be run beside", async () => {
    const hook = pathOf(repository, ".git/hooks/pre-commit");
    const program = readFileSync("/bin/true");
    const found = async (): Promise<unknown[]> => {
      const { findings } = (await box.parley(["doctor", "--json"])).json().data;
      return findings.filter(({ check }: { check: string }) => check === "git.hooks");
    };
    const place = (): void => {
      writeFileSync(hook, program);
      chmodSync(hook, 0o755);
    };
    const refuse = async (): Promise<void> => {
      const refused = await setup("--json");
      expect([refused.exitCode, refused.json().error.code]).toEqual([64, "invalid"]);
      expect(refused.json().error.hint).toStartWith("have a script in its place run it, then run");
    };
    const removeInVain = async (): Promise<void> => {
      const run = await setup("--remove");
      expect(run).toMatchObject({ exitCode: 0, stderr: "" });
      expect(run.stdout).toStartWith("Nothing to do: git");
      expect(readFileSync(hook)).toEqual(program);
      expect(await found()).toEqual([]);
    };
    place();
    await refuse();
    await removeInVain();

    rmSync(hook);
    await setup();
    place();
    expect(await found()).toEqual([
      {
        check: "git.hooks",
        status: "warning",
        message: `${hook} is no script any more, so parley does not look at commits`,
        remedy:
          "have a script in its place run it and run parley setup git in that repository, with --remove if that was meant",
      },
    ]);
    await refuse();
    await removeInVain();

    writeFileSync(pathOf(repository, ".git/hooks/mine"), program, { mode: 0o755 });
    writeFileSync(hook, '#!/bin/sh\nexec "${0%/*}/mine"\n');
    expect(await setup()).toMatchObject({ exitCode: 0 });
    expect((await commit("--allow-empty")).exitCode).toBe(0);
  });

  const awk = (word: string): string =>
    `#!/usr/bin/awk -f\nBEGIN { print "${word}" >> ".git/log" }\n`;
  const log = (): string => readFileSync(pathOf(repository, ".git/log"), "utf8");

  test("gives back what became of the hook that it runs", async () => {
    const hook = pathOf(repository, ".git/hooks/pre-commit");
    writeFileSync(hook, awk("first"), { mode: 0o755 });
    await setup();
    writeFileSync(`${hook}.before-parley`, awk("second"));
    expect((await setup()).stdout).toStartWith("Nothing to do");
    await commit("--allow-empty");
    await setup("--remove");
    expect(readFileSync(hook, "utf8")).toBe(awk("second"));
    expect(existsSync(`${hook}.before-parley`)).toBe(false);
    expect((await commit("--allow-empty")).exitCode).toBe(0);
    expect(log()).toBe("second\nsecond\n");
  });

  test.each([
    ["shell", "#!/bin/sh\necho other >> .git/log\n"],
    ["another language", awk("other")],
  ])("runs the hook in %s that has replaced it, and not the one before", async (_, other) => {
    const hook = pathOf(repository, ".git/hooks/pre-commit");
    writeFileSync(hook, awk("first"), { mode: 0o755 });
    await setup();
    writeFileSync(hook, other);
    await setup("--remove");
    expect(readFileSync(hook, "utf8")).toBe(other);
    expect(readFileSync(`${hook}.before-parley`, "utf8")).toBe(awk("first"));
    await setup();
    expect((await commit("--allow-empty")).exitCode).toBe(0);
    expect(log()).toBe("other\n");
    await setup("--remove");
    expect(readFileSync(hook, "utf8")).toBe(other);
  });

  test("still runs the hook that it keeps where another tool has renamed the one that runs it", async () => {
    const hook = pathOf(repository, ".git/hooks/pre-commit");
    writeFileSync(hook, awk("first"), { mode: 0o755 });
    await setup();
    renameSync(hook, `${hook}.legacy`);
    writeFileSync(hook, '#!/bin/sh\nexec "$0.legacy"\n', { mode: 0o755 });
    expect((await commit("--allow-empty")).exitCode).toBe(0);
    expect(log()).toBe("first\n");
    rmSync(`${hook}.before-parley`);
    expect(await commit("--allow-empty")).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("takes no hook for shell by the directory of its interpreter", async () => {
    const bin = pathOf(box.dir, "dash");
    mkdirSync(bin);
    symlinkSync("/usr/bin/awk", pathOf(bin, "awk"));
    const hook = pathOf(repository, ".git/hooks/pre-commit");
    writeFileSync(hook, awk("theirs").replace("/usr/bin", bin), { mode: 0o755 });
    await setup();
    expect(await commit("--allow-empty")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(log()).toBe("theirs\n");
  });

  test("keeps no script behind a link, which other repositories may run too", async () => {
    const [script, other] = [pathOf(box.dir, "shared.awk"), pathOf(box.dir, "other")];
    writeFileSync(script, awk("shared"), { mode: 0o755 });
    git("init", "-q", other);
    for (const each of [repository, other])
      symlinkSync(script, pathOf(each, ".git/hooks/pre-commit"));
    const run = await setup("--json");
    expect([run.exitCode, run.json().error.code]).toEqual([64, "invalid"]);
    expect(readFileSync(script, "utf8")).toBe(awk("shared"));
    expect(await setup("--remove")).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("is not done by setup without a name", async () => {
    expect((await box.parley(["setup", "--json"], { cwd: repository })).exitCode).toBe(4);
  });
});
