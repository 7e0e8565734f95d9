/** Stories of `setup`, and of undoing it. */
import { expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join as path } from "node:path";

import { binary, sandbox, type Sandbox } from "../../support";

/** The program that agents run: never the link by which it was called. */
const program = realpathSync(binary);

/** A stand-in for an agent's program: only that it is on the PATH counts here. */
function install(s: Sandbox, ...names: string[]): void {
  for (const name of names) {
    writeFileSync(path(s.bin, name), `#!/bin/sh\necho "${name} 1.2.3"\n`);
    chmodSync(path(s.bin, name), 0o755);
  }
}

/** Every file below the home but those in the data directory. */
const files = (s: Sandbox): Record<string, string> =>
  Object.fromEntries(
    readdirSync(s.home, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => path(each.parentPath, each.name).slice(s.home.length + 1))
      .filter((name) => !name.startsWith(".local/share/parley/"))
      .toSorted()
      .map((name) => [name, readFileSync(path(s.home, name), "utf8")]),
  );

test("setup finds the installed agents, says what they will ask, and is undone by --remove", async () => {
  await using s = sandbox();
  install(s, "claude", "codex");
  mkdirSync(path(s.home, ".claude"));
  writeFileSync(path(s.home, ".claude/settings.json"), '{ "model": "opus" } // mine\n');
  const before = files(s);

  const dry = await s.parley(["setup", "--dry-run"]);
  expect(dry).toMatchObject({ exitCode: 0, stderr: "" });
  expect(dry.stdout).toContain(`+++ ${path(s.home, ".codex/hooks.json")}`);
  expect(dry.stdout).toEndWith("Nothing was changed: --dry-run\n");
  expect(files(s)).toEqual(before);
  expect(existsSync(path(s.home, ".local"))).toBe(false);

  const run = await s.parley(["setup"]);
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  expect(run.stdout).toStartWith("Set up: Claude Code and Codex\n");
  expect(run.stdout).toContain("  updated  ~/.claude/settings.json (hooks)\n");
  expect(run.stdout).toContain("Hooks need review");
  const hooks = JSON.parse(readFileSync(path(s.home, ".codex/hooks.json"), "utf8"));
  expect(hooks.hooks.Stop[0].hooks[0].command).toBe(`'${program}' hook codex`);
  const again = await s.parley(["setup"]);
  expect(again.stdout).toBe("Nothing to do: Claude Code and Codex\n");

  const removal = await s.parley(["setup", "--remove"]);
  expect(removal.stdout).toStartWith("Removed: Claude Code and Codex\n");
  expect(files(s)).toEqual(before);
  expect(existsSync(path(s.home, ".codex"))).toBe(false);
  const nothing = await s.parley(["setup", "--remove"]);
  expect(nothing.stdout).toStartWith("Nothing to do: Claude Code, ");
});

test("setups that run at once do not get in each other's way", async () => {
  await using s = sandbox();
  const before = files(s);
  const vendors = [["claude"], ["codex"], ["claude", "codex"], ["codex", "claude"]];
  const agents = await Promise.all(vendors.map(() => s.startAgent("desk")));
  const runs = await Promise.all(
    agents.map((agent, index) => agent.run(["parley", "setup", ...vendors[index]!])),
  );
  expect(runs.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(runs.map(() => [0, ""]));
  expect((await s.parley(["setup"])).stdout).toBe("Nothing to do: Claude Code and Codex\n");
  await s.parley(["setup", "--remove"]);
  expect([files(s), readdirSync(s.home)]).toEqual([before, [".local"]]);
});

test("the command of a hook runs in a shell, however the program's directory is called", async () => {
  await using s = sandbox();
  const directory = path(s.dir, `it's "my" $HOME`);
  mkdirSync(directory);
  const copy = path(directory, "parley");
  cpSync(program, copy);
  const claude = await s.startAgent("claude");
  expect((await claude.run([copy, "setup", "claude"])).exitCode).toBe(0);
  const settings = JSON.parse(readFileSync(path(s.home, ".claude/settings.json"), "utf8"));
  const { command } = settings.hooks.SessionStart[0].hooks[0];
  const help = await claude.run(["sh", "-c", command.replace(/ hook claude$/, " --version")]);
  expect(help).toMatchObject({ exitCode: 0, stderr: "" });
  expect(help.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);

  // It has moved: the entries follow, and none is there twice.
  const moved = path(s.dir, "parley");
  renameSync(copy, moved);
  await claude.run([moved, "setup"]);
  const now = readFileSync(path(s.home, ".claude/settings.json"), "utf8");
  expect(now).not.toContain("my");
  expect(JSON.parse(now).hooks.SessionStart).toHaveLength(1);
});

test("--project writes into the repository around the working directory, and nothing into the home", async () => {
  await using s = sandbox();
  const deep = path(s.dir, "src/deep");
  mkdirSync(deep, { recursive: true });
  mkdirSync(path(s.dir, ".git"));
  for (const name of ["HEAD", "objects", "refs"]) mkdirSync(path(s.dir, ".git", name));
  const before = readdirSync(s.dir, { recursive: true }).toSorted();
  const run = await s.parley(["setup", "claude", "codex", "--project"], { cwd: deep });
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  for (const name of [".claude/settings.json", ".mcp.json", ".codex/hooks.json"]) {
    expect(readFileSync(path(s.dir, name), "utf8")).toContain(program);
  }
  expect(Object.keys(files(s))).toEqual([]);
  await s.parley(["setup", "--remove", "--project"], { cwd: deep });
  expect(readdirSync(s.dir, { recursive: true }).toSorted()).toEqual(before);
});

test("--policy is kept for the hooks, also where there is nothing else to do", async () => {
  await using s = sandbox();
  install(s, "codex");
  const first = (await s.parley(["setup", "--json"])).json().data;
  expect(first.policy).toEqual({ edits: "deny", wake: "critical", changed: false });
  const dry = (await s.parley(["setup", "--policy", "warn", "--dry-run", "--json"])).json().data;
  expect(dry.policy).toEqual({ edits: "warn", wake: "critical", changed: true });
  const run = await s.parley(["setup", "--policy", "warn"]);
  expect(run.stdout).toBe(
    "Nothing to do: Codex\nEdits of a file that another session holds are warned about.\nCritical messages wake an idle agent.\n",
  );
  const then = (await s.parley(["setup", "--json"])).json().data;
  expect(then.policy).toEqual({ edits: "warn", wake: "critical", changed: false });
});

test("--policy and --wake are kept where no agent is installed, which by itself is an error", async () => {
  await using s = sandbox();
  expect((await s.parley(["setup", "--json"])).json().error.code).toBe("not_found");
  const run = await s.parley(["setup", "--policy", "warn", "--wake", "all"]);
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  expect(run.stdout).toBe(
    "No agent that setup knows is installed here.\nEdits of a file that another session holds are warned about.\nCritical messages, and those sent with --wake, wake an idle agent.\n",
  );
  const { edits, wake } = (await s.parley(["on", "--json"])).json().data;
  expect([edits, wake]).toEqual(["warn", "all"]);
});

test("--links makes commands of the seeds' names that work", async () => {
  await using s = sandbox();
  install(s, "claude");
  const run = await s.parley(["setup", "--links", s.bin]);
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  const claude = await s.startAgent("claude");
  expect((await claude.run(["session-register"])).exitCode).toBe(0);
  expect((await claude.run(["session-status", "--no-log"])).stdout).toContain("(THIS SESSION)");
  await s.parley(["setup", "--remove"]);
  expect(readdirSync(s.bin).toSorted()).toEqual(["claude", "parley"]);
});

test("a setup that fails exits with the code of the error, and changes nothing", async () => {
  await using s = sandbox();
  const none = await s.parley(["setup", "--json"]);
  expect([none.exitCode, none.json().error.code]).toEqual([4, "not_found"]);
  const unknown = await s.parley(["setup", "vim", "--json"]);
  expect([unknown.exitCode, unknown.json().error.code]).toEqual([64, "invalid"]);
  for (const two of [
    ["--user", "--project"],
    ["--remove", "--policy", "off"],
  ]) {
    expect((await s.parley(["setup", "codex", ...two])).exitCode).toBe(64);
  }
  mkdirSync(path(s.home, ".codex"));
  writeFileSync(path(s.home, ".codex/hooks.json"), "{ broken");
  const broken = await s.parley(["setup", "claude", "codex", "--json"]);
  expect([broken.exitCode, broken.json().error.code]).toEqual([64, "invalid"]);
  expect(files(s)).toEqual({ ".codex/hooks.json": "{ broken" });
  writeFileSync(path(s.home, ".codex/hooks.json"), "{}");
  chmodSync(path(s.home, ".codex/hooks.json"), 0o444);
  const readOnly = await s.parley(["setup", "claude", "codex", "--json"]);
  expect([readOnly.exitCode, readOnly.json().error.code]).toEqual([8, "not_permitted"]);
  expect(files(s)).toEqual({ ".codex/hooks.json": "{}" });
});

/** Whether a mount namespace can be made. */
const canMount =
  process.platform === "linux" &&
  Bun.which("unshare") !== null &&
  Bun.spawnSync(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).exitCode === 0;

test.skipIf(!canMount)(
  "on a full disk setup leaves nothing that the next one would wait for",
  async () => {
    await using s = sandbox();
    const agent = await s.startAgent("claude");
    const script = `mount -t tmpfs -o size=64k tmpfs "$HOME" && mkdir -p "$HOME/.local/share/parley"
    cat /dev/zero > "$HOME/fill" 2> /dev/null
    parley setup claude; echo "exit $?"; ls "$HOME/.local/share/parley"`;
    const run = await agent.run(["unshare", "-rm", "sh", "-c", script]);
    expect(run.stdout).toBe("exit 8\n");
  },
);
