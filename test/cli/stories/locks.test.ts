/** Stories of locks, of waiting for them, and of commands under a lock. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";

import { type Run, type Sandbox, sandbox } from "../../support";
import { startSession, type TestSession, texts } from "./agents";

async function two(s: Sandbox): Promise<[claude: TestSession, codex: TestSession]> {
  return [await startSession(s, "claude"), await startSession(s, "codex", { cwd: s.home })];
}

/** Locked paths and their sessions. */
async function held(session: TestSession): Promise<[string, string][]> {
  const { locks } = (await session.parley("status", "--locks", "--json")).json().data;
  return locks.map((lock: { file_path: string; session_id: string }) => [
    lock.file_path,
    lock.session_id,
  ]);
}

const paths = (run: Run): string[] =>
  run.json().data.locks.map((lock: { file_path: string }) => lock.file_path);

/** Resolves when a session waits for a lock of `holder`, who then has a message about it. */
async function toldOfWaiting(holder: TestSession, times = 1): Promise<void> {
  for (;;) {
    const messages = texts(await holder.parley("inbox", "--peek", "--json"));
    if (messages.filter((text) => text?.includes("waits for")).length >= times) return;
    await Bun.sleep(20);
  }
}

async function appears(file: string): Promise<void> {
  while (!existsSync(file)) await Bun.sleep(10);
}

describe("A lock", () => {
  test("is refused to another vendor, who learns the holder, and is free once unlocked", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    const file = `${s.dir}/paths.py`;
    expect((await claude.parley("lock", "paths.py")).stdout).toContain(`${file} (advisory`);
    const refused = await codex.parley("lock", file, "--json");
    expect(refused.exitCode).toBe(3);
    expect(refused.json().error).toMatchObject({
      code: "conflict",
      details: { path: file, holder: claude.id, lock: { lock_type: "advisory" } },
    });
    const notMine = await codex.parley("unlock", file, "--json");
    expect([notMine.exitCode, notMine.json().error.details.holder]).toEqual([3, claude.id]);
    expect((await claude.parley("unlock", file)).stdout).toBe(`Unlocked: ${file}\n`);
    expect((await codex.parley("lock", file)).exitCode).toBe(0);
    expect((await codex.parley("unlock", "--all", "--json")).json().data.released).toHaveLength(1);
    expect(await held(claude)).toEqual([]);
  });

  test("takes several paths or none, each once however often it is named", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    await claude.parley("lock", "b");
    expect((await codex.parley("lock", `${s.dir}/a`, `${s.dir}/b`)).exitCode).toBe(3);
    expect(await held(codex)).toEqual([[`${s.dir}/b`, claude.id]]);
    expect(paths(await claude.parley("lock", "c", "./c", "x/../c", "--json"))).toEqual([
      `${s.dir}/c`,
    ]);
  });

  test("needs a session, and a database for unlocking", async () => {
    await using s = sandbox();
    expect((await s.parley(["unlock", "--all"])).exitCode).toBe(4);
    const nobody = await s.parley(["lock", "a", "--json"]);
    expect([nobody.exitCode, nobody.json().error.code]).toEqual([7, "not_registered"]);
  });

  test("is free at once when its time runs out or its holder dies", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    await claude.parley("lock", "lease", "--ttl", "300ms");
    await claude.parley("lock", "mine", "--exclusive");
    const waited = await codex.parley("lock", `${s.dir}/lease`, "--wait", "20s", "--json");
    expect(paths(waited)).toEqual([`${s.dir}/lease`]);
    await claude.agent.kill();
    expect((await codex.parley("lock", `${s.dir}/mine`)).exitCode).toBe(0);
  });

  test("is taken by force where it is advisory, and its holder is told", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    await claude.parley("lock", "dir/a", "dir/b");
    const taken = await codex.parley("lock", `${s.dir}/dir`, `${s.dir}/dir/a`, "--force", "--json");
    expect(taken.json().warnings.map(({ code }: { code: string }) => code)).toEqual([
      "lock_taken",
      "lock_taken",
    ]);
    expect(texts(await claude.parley("inbox", "--channel", "coordination", "--json"))).toEqual(
      ["a", "b"].map((name) => `${codex.id} has taken your advisory lock on ${s.dir}/dir/${name}`),
    );
    await codex.parley("lock", `${s.dir}/own`, "--exclusive");
    expect((await claude.parley("lock", "own", "--force")).exitCode).toBe(3);
  });
});

describe("A path", () => {
  test("is one however it is written: links, parents of links, slashes, Unicode forms", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    mkdirSync(`${s.dir}/far/deep`, { recursive: true });
    symlinkSync("far/deep", `${s.dir}/link`);
    symlinkSync("far/later", `${s.dir}/dangling`);
    writeFileSync(`${s.dir}/far/with space`, "");
    const same = [
      ["link/../x", "far/x"],
      ["dangling", "far/later"],
      ["far/with space/", "far/with space"],
      ["link/new/", "far/deep/new"],
      ["missing/../plain", "plain"],
      ["caf\u00e9", "cafe\u0301"],
    ] as const;
    for (const [written, other] of same) {
      expect((await claude.parley("lock", written)).exitCode).toBe(0);
      expect((await codex.parley("lock", `${s.dir}/${other}`)).exitCode).toBe(3);
    }
    // It keeps its lock when it comes into being.
    writeFileSync(`${s.dir}/cafe\u0301`, "");
    expect((await codex.parley("lock", `${s.dir}/cafe\u0301`)).exitCode).toBe(3);
    expect(
      (await claude.parley("unlock", "cafe\u0301", "--json")).json().data.released,
    ).toHaveLength(1);
  });

  test("may be a file outside of any repository, or below one, or go round in a circle", async () => {
    await using s = sandbox();
    const [claude] = await two(s);
    writeFileSync(`${s.dir}/file`, "");
    symlinkSync("round", `${s.dir}/round`);
    expect(paths(await claude.parley("lock", "file", "file/below", "round", "--json"))).toEqual(
      ["file", "file/below", "round"].map((name) => `${s.dir}/${name}`),
    );
  });

  test("that is a directory covers what is below it, from any directory it is named in", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    mkdirSync(`${s.dir}/src/sub`, { recursive: true });
    expect((await claude.shell("cd src/sub && parley lock ..")).exitCode).toBe(0);
    for (const path of ["src/sub/new.ts", ".", "/"]) {
      const refused = await codex.parley(
        "lock",
        path === "/" ? path : `${s.dir}/${path}`,
        "--json",
      );
      expect(refused.json().error.details.lock.file_path).toBe(`${s.dir}/src`);
    }
    expect((await codex.parley("lock", `${s.dir}/src2`, "res:src")).exitCode).toBe(0);
    // Only the lock itself is unlocked, not what it covers or what covers it.
    expect((await claude.parley("unlock", "src/sub")).stdout).toBe(
      "Nothing was locked there by this session.\n",
    );
    expect((await claude.parley("lock", "src/sub/own")).exitCode).toBe(0);
    await claude.parley("unlock", "src");
    expect((await codex.parley("lock", `${s.dir}/src/sub`)).exitCode).toBe(3);
  });

  test("that is malformed is refused", async () => {
    await using s = sandbox();
    const [claude] = await two(s);
    for (const path of ["", "res:", "res:a b", "res:a\nb", "x/".repeat(60_000)]) {
      const refused = await claude.parley("lock", path, "--json");
      expect([refused.exitCode, refused.json().error.code]).toEqual([64, "invalid"]);
    }
    expect((await claude.parley("lock", "a", "--ttl", "0s")).exitCode).toBe(64);
    expect((await claude.parley("lock", "a", "--wait", "soon")).exitCode).toBe(64);
  });

  test.if(Bun.which("git") !== null)(
    "held in another worktree is a warning, whichever part of it",
    async () => {
      await using s = sandbox();
      const [claude, codex] = await two(s);
      const git = [
        "git init -q main && cd main",
        "git -c user.name=T -c user.email=t@example.org commit -q --allow-empty -m first",
        "git worktree add -q ../other",
      ].join(" && ");
      expect((await claude.shell(git)).exitCode).toBe(0);
      await claude.parley("lock", "main/src/a.ts");
      for (const path of ["src/a.ts", "src", "."]) {
        const { locks, warnings } = await codex
          .parley("lock", `${s.dir}/other/${path}`, "--json")
          .then((run) => ({ ...run.json().data, warnings: run.json().warnings }));
        expect([locks[0].repository_path, warnings?.[0]?.code]).toEqual([
          path,
          "held_in_other_worktree",
        ]);
        await codex.parley("unlock", "--all");
      }
      // The other worktree's path is another path: nothing is unlocked by it.
      const { released } = (await claude.parley("unlock", "other/src/a.ts", "--json")).json().data;
      expect(released).toEqual([]);
    },
  );
});

describe("A session that waits for a lock", () => {
  test("is served in the order of arrival, past those that were killed", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    const kimi = await startSession(s, "kimi", { cwd: s.bin });
    const gone = await startSession(s, "gemini", { cwd: "/" });
    const file = `${s.dir}/a`;
    await claude.parley("lock", file);
    const killed = gone.shell(`echo $$ >${s.dir}/pid; exec parley lock ${file} --wait 60s`);
    await toldOfWaiting(claude);
    process.kill(Number(readFileSync(`${s.dir}/pid`, "utf8")), "SIGKILL");
    await killed;
    const order: string[] = [];
    const queued = async (session: TestSession): Promise<void> => {
      const run = await session.parley("lock", file, "--wait", "30s", "--json");
      expect(run.exitCode).toBe(0);
      order.push(session.id);
      await session.parley("unlock", file);
    };
    const second = queued(codex);
    await toldOfWaiting(claude, 2);
    const third = queued(kimi);
    await toldOfWaiting(claude, 3);
    await claude.parley("unlock", file);
    await Promise.all([second, third]);
    expect(order).toEqual([codex.id, kimi.id]);
  });

  test("gets a timeout that names the holder", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    await claude.parley("lock", "a");
    const run = await codex.parley("lock", `${s.dir}/a`, "--wait", "150ms", "--json");
    expect(run.exitCode).toBe(5);
    expect(run.json().error).toMatchObject({ code: "timeout", details: { holder: claude.id } });
    // The queue is empty again.
    await claude.parley("unlock", "a");
    expect((await claude.parley("lock", "a")).exitCode).toBe(0);
  });

  test("gets it when the holder is killed", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    await claude.parley("lock", "src");
    const waiting = codex.parley("lock", `${s.dir}/src/deep/x`, "--wait", "30s", "--json");
    await toldOfWaiting(claude);
    await claude.agent.kill();
    expect(paths(await waiting)).toEqual([`${s.dir}/src/deep/x`]);
  });
});

describe("A command under a lock", () => {
  test("holds it as long as it runs, and its streams and exit code are passed on", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    const running = claude.shell(
      "echo in | parley lock res:build other -- sh -c 'cat; touch started; while [ ! -e stop ]; do sleep 0.02; done; exit 7'",
    );
    await appears(`${s.dir}/started`);
    expect((await codex.parley("lock", "res:build")).exitCode).toBe(3);
    writeFileSync(`${s.dir}/stop`, "");
    expect(await running).toMatchObject({ exitCode: 7, stdout: "in\n", stderr: "" });
    expect(await held(claude)).toEqual([]);
    expect((await claude.parley("lock", "--help")).stdout).toContain("<PATH…> [-- COMMAND…]\n");
    const json = await claude.parley("lock", "a", "--json", "--", "echo", "--json", "--help");
    expect([paths(json), json.stderr]).toEqual([[`${s.dir}/a`], "--json --help\n"]);
  });

  test("leaves nothing locked when it cannot be started, is killed, or parley gets a signal", async () => {
    await using s = sandbox();
    const [claude] = await two(s);
    expect((await claude.parley("lock", "a", "--", "no-such-program")).exitCode).toBe(4);
    expect((await claude.parley("lock", "a", "--", "sh", "-c", "kill -9 $$")).exitCode).toBe(137);
    for (const target of ["$pid", "-$pid"]) {
      const command = "trap 'echo ended; exit 5' TERM; touch started; while :; do sleep 0.02; done";
      const messages = await claude.shell(
        `rm -f started; setsid parley lock a -- sh -c "${command}" & pid=$!
         while [ ! -e started ]; do sleep 0.02; done; kill -TERM ${target}; wait $pid`,
      );
      expect([messages.exitCode, messages.stdout]).toEqual([5, "ended\n"]);
    }
    expect(await held(claude)).toEqual([]);
  });

  test("leaves held what was held before, and what another has taken meanwhile", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    await claude.parley("lock", "mine");
    await claude.parley("lock", "mine", "new", "--", "true");
    expect(await held(claude)).toEqual([[`${s.dir}/mine`, claude.id]]);
    await claude.parley(
      ...["lock", "a", "b", "--", "sh", "-c"],
      `parley lock a --force --session ${codex.id}`,
    );
    expect(await held(claude)).toEqual([
      [`${s.dir}/a`, codex.id],
      [`${s.dir}/mine`, claude.id],
    ]);
  });

  test("ends as it ends, also when the lease ran out or the session has left", async () => {
    await using s = sandbox();
    const [claude, codex] = await two(s);
    const lease = await claude.parley(
      ...["lock", "a", "--ttl", "50ms", "--", "sh", "-c"],
      `sleep 0.1; parley lock a --session ${codex.id} >&2; exit 3`,
    );
    expect(lease.exitCode).toBe(3);
    expect(await held(codex)).toEqual([[`${s.dir}/a`, codex.id]]);
    const left = await claude.parley("lock", "b", "--", "sh", "-c", "parley unregister >&2");
    expect(left.exitCode).toBe(0);
    expect(await held(codex)).toHaveLength(1);
  });
});
