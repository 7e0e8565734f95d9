/** Two machines: liveness, locks, repositories. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { agents } from "../../src/agents/agents";
import { createIdentity } from "../../src/identity/identity";
import { type Run, sandbox } from "../support";
import { freshSchema, server } from "../server";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A bus on the server, and two homes: each has a machine UUID of its own, as another machine would. */
async function twoMachines() {
  const { url, drop } = freshSchema();
  const [here, there] = [sandbox(), sandbox()];
  cleanups.push(
    drop,
    () => here.cleanup(),
    () => there.cleanup(),
  );
  const env = { PARLEY_DB: url, PARLEY_PROJECT: "" };
  const claude = await here.startAgent("claude", { env });
  const codex = await there.startAgent("codex", { env });
  return { claude, codex };
}

const data = (run: Run) => run.json().data;

const why = server === null ? ": no server" : "";
describe.skipIf(server === null)(`Two machines on one PostgreSQL bus${why}`, () => {
  test("see each other, write to each other and share projects, tasks and named resources", async () => {
    const { claude, codex } = await twoMachines();
    for (const each of [claude, codex]) {
      const run = await each.run(["parley", "register", "--project", "TEAM", "--json"]);
      expect(data(run).detected.heartbeat_seconds).toBe(30);
    }
    const [one, other] = [`claude-${claude.pid}`, `codex-${codex.pid}`];
    const { sessions } = data(await claude.run(["parley", "status", "--no-log", "--json"]));
    expect(new Set(sessions.map((each: { machine_uuid: string }) => each.machine_uuid)).size).toBe(
      2,
    );
    await claude.run(["parley", "message", other, "hello over there"]);
    expect((await codex.run(["parley", "inbox"])).stdout).toContain("hello over there");
    expect((await claude.run(["parley", "claim", "H.1"])).exitCode).toBe(0);
    expect((await codex.run(["parley", "claim", "H.1"])).exitCode).toBe(3);
    expect((await claude.run(["parley", "lock", "res:port/3000"])).exitCode).toBe(0);
    const refused = await codex.run(["parley", "lock", "res:port/3000"]);
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain(one);
  });

  test("may lock files of one path, which are two; the same file of one repository is a warning", async () => {
    const { claude, codex } = await twoMachines();
    const root = mkdtempSync(join(tmpdir(), "parley-clone-"));
    cleanups.push(() => rmSync(root, { recursive: true, force: true }));
    const git = (...words: string[]): void => {
      const identity = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "init.defaultBranch=main",
      ];
      const run = Bun.spawnSync(["git", ...identity, ...words], { cwd: root, stderr: "pipe" });
      if (run.exitCode !== 0) throw new Error(run.stderr.toString());
    };
    git("init", "-q", "first");
    writeFileSync(join(root, "first/a.txt"), "a");
    git("-C", "first", "add", ".");
    git("-C", "first", "commit", "-qm", "Begin");
    git("clone", "-q", "first", "second");
    for (const each of [claude, codex]) await each.run(["parley", "register"]);

    expect((await claude.run(["parley", "lock", "/etc/hosts"])).exitCode).toBe(0);
    const sameName = await codex.run(["parley", "lock", "/etc/hosts", "--json"]);
    expect(sameName.json()).toMatchObject({ ok: true });
    expect(sameName.json().warnings).toBeUndefined();
    // Each finds its own by the path.
    const holder = await codex.run(["parley", "message", "holder:/etc/hosts", "mine?", "--json"]);
    expect(data(holder).messages[0].recipient_id).toBe(`codex-${codex.pid}`);

    const first = await claude.run(["parley", "lock", join(root, "first/a.txt"), "--json"]);
    const clone = await codex.run(["parley", "lock", join(root, "second/a.txt"), "--json"]);
    expect(data(first).locks[0].repository).toBe(data(clone).locks[0].repository);
    expect(clone.json().warnings).toEqual([
      {
        code: "held_on_other_machine",
        message: expect.stringContaining(`by claude-${claude.pid}`),
      },
    ]);
  });

  test("know by its beats whether a session lives, and its process ends them and it", async () => {
    const { claude, codex } = await twoMachines();
    for (const each of [claude, codex]) await each.run(["parley", "register"]);
    const id = `claude-${claude.pid}`;
    await claude.run(["parley", "lock", "res:lamp"]);
    const beating = keeperOf(id);
    expect(beating.length).toBe(1);
    // Registering again starts no second one.
    await claude.run(["parley", "register"]);
    expect(keeperOf(id)).toEqual(beating);
    await claude.kill();
    // No other process on that machine looks: the heartbeat process of the session ends it.
    const waited = await codex.run(["parley", "lock", "res:lamp", "--wait", "20s"]);
    expect(waited.exitCode).toBe(0);
    for (const end = performance.now() + 10_000; keeperOf(id).length > 0;) {
      if (performance.now() > end) throw new Error("it beats still");
      await Bun.sleep(20);
    }
  });

  test("an agent that does nothing is shown as idle, though its process is beaten for, here and there", async () => {
    const { claude, codex } = await twoMachines();
    // Long enough to be told, short enough to be waited for.
    const env = ["env", "PARLEY_STALE_TIMEOUT=3s"];
    await claude.run([...env, "parley", "register"]);
    await codex.run([...env, "parley", "register"]);
    const id = `claude-${claude.pid}`;
    const beat = (): Promise<Run> =>
      claude.run([...env, "parley", "heartbeat", "--idle", "--session", id]);
    const statusOf = async (from: typeof claude): Promise<string> => {
      const { sessions } = data(await from.run([...env, "parley", "status", "--no-log", "--json"]));
      return sessions.find((each: { session_id: string }) => each.session_id === id)?.status;
    };
    expect(await statusOf(codex)).toBe("active");
    while ((await statusOf(codex)) === "active") await beat();
    await beat();
    expect(await statusOf(codex)).toBe("idle");
    await claude.run([...env, "parley", "inbox"]);
    expect(await statusOf(codex)).toBe("active");
  });
});

/** Pids of what beats for a session. */
const keeperOf = (id: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const words = textOf(`/proc/${name}/cmdline`).split("\0");
      return words.includes("--watch") && words.includes(id);
    })
    .map(Number);

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

describe("A repository", () => {
  test("is called by its first commit on a bus that spans machines, and otherwise by its place", () => {
    const root = mkdtempSync(join(tmpdir(), "parley-root-"));
    cleanups.push(() => rmSync(root, { recursive: true, force: true }));
    const [repository, home] = [join(root, "r"), join(root, "home")];
    mkdirSync(home);
    Bun.spawnSync(["git", "init", "-q", repository]);
    const across = createIdentity({
      agents,
      env: {},
      dataDirectory: home,
      cwd: repository,
      acrossMachines: true,
    });
    // Without a commit it is known on its machine only.
    const { machine_uuid } = across.machine();
    expect(across.file("a").repository).toBe(`${machine_uuid}:${join(repository, ".git")}`);
    const commit = [
      "-c",
      "user.name=a",
      "-c",
      "user.email=a@b",
      "commit",
      "-q",
      "--allow-empty",
      "-m",
      "a",
    ];
    Bun.spawnSync(["git", "-C", repository, ...commit]);
    expect(across.file("a").repository).toMatch(/^[0-9a-f]{40}$/);
    const local = createIdentity({ agents, env: {}, dataDirectory: home, cwd: repository });
    expect(local.file("a").repository).toBe(join(repository, ".git"));
  });
});
