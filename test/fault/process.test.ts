/** Tests processes that stop, are replaced, or cannot be seen, and clocks that jump. */
import { describe, expect, test } from "bun:test";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { defaultSettings } from "../../src/bus/settings";
import { agent, contract, day, draft, texts } from "../bus/fixture";
import { type Run, type Sandbox, sandbox } from "../support";

const canIsolate =
  process.platform === "linux" &&
  Bun.which("unshare") !== null &&
  Bun.spawnSync(["unshare", "-rmpf", "--mount-proc", "true"]).exitCode === 0;
const isRoot = process.getuid?.() === 0;

const runAtDesk = async (s: Sandbox, ...command: string[]): Promise<Run> =>
  (await s.startAgent("desk")).run(command);

/** A process that is no descendant of an agent, until it is disposed. */
const sleeper = () => {
  const child = Bun.spawn(["sleep", "600"]);
  return { pid: child.pid, child, [Symbol.dispose]: () => child.kill("SIGKILL") };
};

interface ListedSession {
  session_id: string;
  status: string;
  process_state: string | null;
}
const sessionsOf = (run: Run): ListedSession[] =>
  run.json().data.sessions.map(({ session_id, status, process_state }: ListedSession) => ({
    session_id,
    status,
    process_state,
  }));
const locksOf = (run: Run): string[] =>
  run.json().data.locks.map((lock: { session_id: string }) => lock.session_id);

test("a process stopped past the stale timeout keeps session, lock and mail, and goes on", async () => {
  await using s = sandbox();
  using one = sleeper();
  const env = { PARLEY_STALE_TIMEOUT: "1ms" };
  const run = (...args: string[]) => s.parley([...args, "--json"], { env });
  await run("register", "--llm", "claude", "--session-id", "one", "--pid", `${one.pid}`);
  await run("lock", "held", "--exclusive", "--session", "one");
  one.child.kill("SIGSTOP");
  for (let tries = 0; tries < 500; tries++) {
    if (/\) T /.test(readFileSync(`/proc/${one.pid}/stat`, "latin1"))) break;
    await Bun.sleep(2);
  }
  await run("message", "one", "while it was stopped", "--as", "operator");
  expect(sessionsOf(await run("status", "--no-log"))).toEqual([
    { session_id: "one", status: "idle", process_state: "stopped" },
  ]);
  expect((await run("rescue")).json().data.released).toEqual({ locks: 0, claims: 0 });
  expect(locksOf(await run("status", "--locks"))).toEqual(["one"]);
  one.child.kill("SIGCONT");
  const inbox = await run("inbox", "--session", "one");
  expect(texts(inbox.json().data.messages)).toEqual(["while it was stopped"]);
  expect((await run("unlock", "held", "--session", "one")).exitCode).toBe(0);
});

test.skipIf(process.platform !== "linux")(
  "a process that died and that its parent does not collect is dead",
  async () => {
    await using s = sandbox();
    const parent = Bun.spawn(["sh", "-c", "sleep 600 & echo $!; exec sleep 600"], {
      stdout: "pipe",
    });
    try {
      const pid = Number(new TextDecoder().decode((await parent.stdout.getReader().read()).value));
      await s.parley(["register", "--llm", "claude", "--session-id", "one", "--pid", `${pid}`]);
      await s.parley(["lock", "held", "--session", "one"]);
      process.kill(pid, "SIGKILL");
      for (let tries = 0; tries < 500; tries++) {
        if (/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))) break;
        await Bun.sleep(2);
      }
      expect(sessionsOf(await s.parley(["status", "--no-log", "--json"]))).toEqual([]);
      expect(locksOf(await s.parley(["status", "--locks", "--json"]))).toEqual([]);
    } finally {
      parent.kill("SIGKILL");
    }
  },
);

test.skipIf(!canIsolate || !isRoot)(
  "another process with the pid of a dead one is never taken for its session (root only)",
  async () => {
    await using s = sandbox();
    const run = await runAtDesk(
      s,
      ...["unshare", "-mpf", "--mount-proc", "sh", "-c"],
      `sh -c 'sleep 300 & echo $! >"$0"' "$HOME/pid"; first=$(cat "$HOME/pid")
       parley register --llm claude --pid $first --project P >/dev/null || exit 1
       parley lock held --session claude-$first >/dev/null || exit 1
       kill -9 $first; while kill -0 $first 2>/dev/null && ! grep -qs ') Z' /proc/$first/stat; do :; done
       tries=0; second=0
       while [ $second != $first ] && [ $tries -lt 200 ]; do
         tries=$((tries + 1)); echo $((first - 1)) >/proc/sys/kernel/ns_last_pid
         sleep 300 & second=$!
         [ $second = $first ] || kill -9 $second
       done
       [ $second = $first ] || { echo "the pid was not given again"; exit 1; }
       parley inbox --session claude-$first --json; echo
       parley register --llm claude --pid $second --json
       parley status --locks --json
       kill -9 $second`,
    );
    expect([run.exitCode, run.stderr]).toEqual([0, ""]);
    const [inbox, register, locks] = run.stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
    expect(inbox.error.code).toBe("not_registered");
    expect(register.data).toMatchObject({ created: true, session: { project_id: null } });
    expect(locks.data.locks).toEqual([]);
  },
);

test.skipIf(!canIsolate)(
  "sessions inside and outside of a container that shares the home are neither judged dead nor merged",
  async () => {
    await using s = sandbox();
    using one = sleeper();
    await s.parley(["register", "--llm", "claude", "--pid", `${one.pid}`]);
    const outside = `claude-${one.pid}`;
    await s.parley(["lock", "held", "--session", outside]);
    // Inside, its pid belongs to another process or to none; and the pid of a session there is another process outside.
    const inside = await runAtDesk(
      s,
      ...["unshare", "-rmpf", "--mount-proc", "sh", "-c"],
      `sleep 300 & parley register --llm claude --pid $! --session-id inside --json
       parley rescue >/dev/null; parley cleanup >/dev/null
       parley lock other --session inside >/dev/null; parley status --no-log --json; kill -9 %1 2>/dev/null; kill -9 $!`,
    );
    const [registered, status] = inside.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(registered.data).toMatchObject({ created: true, session: { session_id: "inside" } });
    const stateById = (data: { sessions: ListedSession[] }) =>
      Object.fromEntries(
        data.sessions.map(({ session_id, process_state }) => [session_id, process_state]),
      );
    expect(stateById(status.data)).toEqual({ [outside]: "unknown", inside: "running" });
    // The container has ended, which cannot be seen from outside.
    await s.parley(["rescue"]);
    const after = await s.parley(["status", "--no-log", "--json"]);
    expect(stateById(after.json().data)).toEqual({ [outside]: "running", inside: "unknown" });
    expect(locksOf(await s.parley(["status", "--locks", "--json"])).toSorted()).toEqual(
      [outside, "inside"].toSorted(),
    );
  },
);

test.skipIf(!canIsolate || !isRoot)(
  "two machines with one cloned home are two: other UUIDs, other sessions, none judged dead (root only)",
  async () => {
    await using s = sandbox();
    using one = sleeper();
    const first = await s.parley(["register", "--llm", "claude", "--pid", `${one.pid}`, "--json"]);
    await s.parley(["lock", "held", "--session", `claude-${one.pid}`]);
    const clone = join(s.dir, "clone");
    cpSync(s.home, clone, { recursive: true });
    writeFileSync(join(s.dir, "boot_id"), "5f6a1c1e-0000-4000-8000-000000000000\n");
    writeFileSync(join(s.dir, "machine-id"), `${"b".repeat(32)}\n`);
    const run = await runAtDesk(
      s,
      ...["unshare", "-m", "sh", "-c"],
      `touch /etc/machine-id 2>/dev/null
       mount --bind "$1/machine-id" /etc/machine-id && mount --bind "$1/boot_id" /proc/sys/kernel/random/boot_id || exit 1
       export HOME="$1/clone"
       parley register --llm claude --pid ${one.pid} --json; parley rescue >/dev/null; parley status --no-log --locks --json
       parley status --no-log --json`,
      ...["sh", s.dir],
    );
    const [register, locks, status] = run.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    // The same pid, on another machine: another session.
    expect(register.data.created).toBe(true);
    expect(register.data.session.session_id).not.toBe(`claude-${one.pid}`);
    expect(register.data.session.machine_uuid).not.toBe(first.json().data.session.machine_uuid);
    expect(status.data.sessions).toHaveLength(2);
    expect(locks.data.locks).toMatchObject([{ session_id: `claude-${one.pid}` }]);
  },
);

contract("A clock that jumps by a day and more", (world) => {
  describe.each([day, -day, 3 * day])("by %d ms", (jump) => {
    test("ends no session whose process lives, and frees nothing of it", async () => {
      const w = await world(defaultSettings);
      await w.store.registerSession(agent("claude", 1), w.liveness());
      await w.store.registerSession(agent("codex", 2), w.liveness());
      await w.store.acquireClaim(
        { session_id: "claude-1", task_id: "T.1", ttl: null, waiting: null, ticket: null },
        w.liveness(),
      );
      w.at += jump;
      await w.store.heartbeat("codex-2", w.liveness());
      const { sessions, claims } = await w.store.overview(w.liveness());
      expect(sessions.map(({ record }) => record.session_id)).toEqual(["claude-1", "codex-2"]);
      expect(claims).toMatchObject([{ session_id: "claude-1" }]);
    });
  });

  test("and back loses no mail that was sent before", async () => {
    for (const jump of [day, -day]) {
      const w = await world(defaultSettings);
      await w.store.registerSession(agent("claude", 1), w.liveness());
      await w.store.registerSession(agent("codex", 2), w.liveness());
      const send = (text: string) =>
        w.store.sendMessages(
          draft("codex-2", "claude-1", { payload: { message: text } }),
          w.liveness(),
        );
      await send("before");
      w.at += jump;
      await send("meanwhile");
      await w.store.cleanUp(w.liveness(), { vacuum: false });
      w.at -= jump;
      const inbox = await w.store.openInbox(
        { mailbox: "claude-1", channel: null, limit: 10, peek: false },
        w.liveness(),
      );
      expect(texts(inbox.messages)).toEqual(jump > 0 ? ["before", "meanwhile"] : ["before"]);
    }
  });
});

test.skipIf(!canIsolate || !isRoot)(
  "below a session in another pid namespace register makes one of its own (root only)",
  async () => {
    await using s = sandbox();
    const named = await s.startAgent("claude");
    await named.run(["parley", "register", "--llm", "claude", "--task-id", "A"]);
    const inner = "parley register --llm claude --task-id B --json; parley status --no-log --json";
    const run = await runAtDesk(
      s,
      ...["env", `PARLEY_SESSION=claude-${named.pid}`],
      ...["unshare", "-mpf", "--mount-proc", "sh", "-c", inner],
    );
    const [register, status] = run.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(register.data).toMatchObject({ created: true, session: { pid: 1, task_id: "B" } });
    expect(status.data.sessions).toMatchObject([{ pid: named.pid, task_id: "A" }, { pid: 1 }]);
  },
);
