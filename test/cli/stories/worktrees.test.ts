/** Stories of git commands in worktrees where other sessions work. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join as pathOf } from "node:path";

import { type Run, sandbox, type Sandbox } from "../../support";
import { type HookedAgent, hookedAgent } from "./agents";

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
  git("init", "-q", "-b", "main");
  for (const name of ["a.txt", "b.txt"]) writeFileSync(pathOf(box.dir, name), `${name}\n`);
  commit();
});
afterEach(() => box.cleanup());

function git(...args: string[]): void {
  const name = ["-c", "user.name=You", "-c", "user.email=you@example.org"];
  const { status, stderr } = spawnSync("git", ["-C", box.dir, ...name, ...args], {
    env: { HOME: box.home, PATH: "/usr/bin:/bin" },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
}

function commit(): void {
  git("add", "-A");
  git("commit", "-q", "-m", "work");
}

async function start(vendor: string, cwd = box.dir): Promise<HookedAgent> {
  const agent = await box.startAgent(vendor, { cwd });
  const session = hookedAgent(vendor, `uuid-${agent.pid}`, agent, cwd);
  await session.hook("UserPromptSubmit");
  return session;
}

const edit = (file: string) => ({
  tool_name: "Edit",
  tool_input: { file_path: pathOf(box.dir, file) },
});

/** An edit as a whole: before the tool, what it does, after it. */
async function edits({ hook }: HookedAgent, file: string): Promise<void> {
  await hook("PreToolUse", edit(file));
  writeFileSync(pathOf(box.dir, file), "changed\n");
  await hook("PostToolUse", edit(file));
}

const runs = ({ hook }: HookedAgent, command: string, cwd = box.dir): Promise<Run> =>
  hook("PreToolUse", { cwd, tool_name: "Bash", tool_input: { command } });

/** Whether the command passes, and what the model is told. */
function verdict(run: Run): [verdict: "denied" | "warned" | "passed", text: string] {
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  if (run.stdout === "") return ["passed", ""];
  const { permissionDecision, permissionDecisionReason, additionalContext } =
    run.json().hookSpecificOutput;
  if (permissionDecision === undefined) return ["warned", additionalContext];
  expect(permissionDecision).toBe("deny");
  return ["denied", permissionDecisionReason];
}

const outcome = async (run: Promise<Run>): Promise<string> => verdict(await run)[0];

describe("A command that changes files of a worktree", () => {
  test("is refused where another session edits there, with the session, its files, and an alternative", async () => {
    const [claude, codex] = [await start("claude"), await start("codex")];
    await claude.agent.run(["parley", "task", "H.13.7"]);
    await edits(claude, "a.txt");
    const [decision, text] = verdict(await runs(codex, "cd . && git checkout main"));
    expect(decision).toBe("denied");
    expect(text).toContain("`git checkout main` would change files in");
    expect(text).toContain(`${claude.id} (claude, task H.13.7, working now)`);
    expect(text).toContain("a.txt");
    expect(text).toContain("git worktree add");
    expect(text).toContain(`parley message ${claude.id} "…"`);
  });

  test("is refused after the other's turn too, until its edits are committed", async () => {
    const [claude, codex] = [await start("claude"), await start("codex")];
    await edits(claude, "a.txt");
    await edits(claude, "new.txt");
    await claude.hook("Stop");
    const [decision, text] = verdict(await runs(codex, "git stash -u"));
    expect(decision).toBe("denied");
    expect(text).toContain("has edited, and not committed, new.txt, a.txt");
    commit();
    expect(await outcome(runs(codex, "git stash -u"))).toBe("warned");
  });

  test("is refused where another session has locked a file there, or the directory", async () => {
    const [claude, codex] = [await start("claude"), await start("codex")];
    await claude.agent.run(["parley", "lock", "b.txt"]);
    expect(await outcome(runs(codex, "git reset --hard"))).toBe("denied");
    await claude.agent.run(["parley", "unlock", "--all"]);
    await claude.agent.run(["parley", "lock", ".."]);
    expect(await outcome(runs(codex, "git reset --hard"))).toBe("denied");
    await claude.agent.kill();
    expect(await outcome(runs(codex, "git reset --hard"))).toBe("passed");
  });

  test("is warned of where another session only works there, and passes where none does", async () => {
    const codex = await start("codex");
    await edits(codex, "a.txt");
    expect(await outcome(runs(codex, "git reset --hard"))).toBe("passed");
    const claude = await start("claude");
    const [decision, text] = verdict(await runs(codex, "git reset --hard"));
    expect(decision).toBe("warned");
    expect(text).toContain(claude.id);
    expect(await outcome(runs(codex, "git status"))).toBe("passed");
  });

  test("passes where it touches only files that no other session has", async () => {
    const [claude, codex] = [await start("claude"), await start("codex")];
    await edits(claude, "a.txt");
    expect(await outcome(runs(codex, "git checkout -- b.txt"))).toBe("passed");
    expect(await outcome(runs(codex, "git restore b.txt a.txt"))).toBe("denied");
    expect(await outcome(runs(codex, "git checkout -- '*.txt'"))).toBe("denied");
  });

  test("in another worktree is judged by the sessions of that worktree", async () => {
    git("worktree", "add", "-q", "inner", "-b", "inner");
    const inner = pathOf(box.dir, "inner");
    const [claude, codex] = [await start("claude", inner), await start("codex")];
    await edits(claude, "inner/a.txt");
    expect(await outcome(runs(codex, "git reset --hard"))).toBe("passed");
    expect(await outcome(runs(codex, "git -C inner reset --hard"))).toBe("denied");
    expect(await outcome(runs(codex, "git reset --hard", inner))).toBe("denied");
    expect(await outcome(runs(codex, "git worktree remove --force inner"))).toBe("denied");
  });

  test("outside of any worktree passes", async () => {
    const [claude, codex] = [await start("claude"), await start("codex")];
    await edits(claude, "a.txt");
    expect(await outcome(runs(codex, "git checkout main", box.home))).toBe("passed");
    expect(await outcome(runs(codex, "git -C /no/such/place checkout main"))).toBe("passed");
  });

  test("goes by what the user has chosen for edits", async () => {
    const [claude, codex] = [await start("claude"), await start("codex")];
    await edits(claude, "a.txt");
    const data = pathOf(box.home, ".local/share/parley");
    mkdirSync(data, { recursive: true });
    const preferences = pathOf(data, "preferences.json");
    writeFileSync(preferences, '{"edits":"warn"}');
    const [decision, text] = verdict(await runs(codex, "git checkout main"));
    expect(decision).toBe("warned");
    expect(text).toStartWith("parley warns: `git checkout main` would change files");
    writeFileSync(preferences, '{"edits":"off"}');
    expect(await outcome(runs(codex, "git checkout main"))).toBe("passed");
  });

  test("and patches files too is held to both", async () => {
    const [claude, codex] = [await start("claude"), await start("codex")];
    const patch = "*** Begin Patch\n*** Update File: b.txt\n*** End Patch";
    const line = `apply_patch <<'EOF'\n${patch}\nEOF\ngit pull`;
    expect(await outcome(runs(codex, line))).toBe("warned");
    expect(await outcome(runs(claude, "git reset --hard"))).toBe("denied");
  });
});

test("A new branch changes no file: others are told that their commits would go there", async () => {
  const [claude, codex] = [await start("claude"), await start("codex")];
  await edits(claude, "a.txt");
  const [decision, text] = verdict(await runs(codex, "git checkout -b topic"));
  expect(decision).toBe("warned");
  expect(text).toContain("where the next commit of others goes");
});
