/** Stories of programs that run as sessions. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join as pathOf } from "node:path";

import { sandbox, type Sandbox } from "../../support";

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.cleanup());

async function status() {
  return (await box.parley(["status", "--no-log", "--json"])).json().data;
}

test("a program runs as a session from its first command on, which ends with it", async () => {
  const script = "parley task --json; parley inbox --json; parley lock a.txt --json";
  const run = await box.parley([
    ...["run", "--llm", "mytool", "--model", "m-1", "--task-id", "H.1", "--name", "worker"],
    ...["--", "sh", "-c", `echo $PARLEY_SESSION $$; ${script}`],
  ]);
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  const [first, ...answers] = run.stdout.trimEnd().split("\n");
  const [id, pid] = first!.split(" ");
  expect(id).toBe(`mytool-${pid}`);
  const [task, inbox, lock] = answers.map((line) => JSON.parse(line));
  expect(task.data.session).toMatchObject({
    session_id: id,
    ...{ llm_vendor: "mytool", llm_model: "m-1", task_id: "H.1", name: "worker" },
    ...{ pid: Number(pid), cwd: box.dir, liveness: "pid", process_state: "running" },
  });
  expect(inbox.ok).toBe(true);
  expect(lock.data.locks).toMatchObject([{ session_id: id }]);
  const { sessions, stats, lifecycle } = await status();
  expect([sessions, stats.file_locks]).toEqual([[], 0]);
  expect(lifecycle[0]).toMatchObject({ event: "ended", session_id: id, reason: "exited with 0" });
});

test("below it register changes its session, and makes no other", async () => {
  const script = [
    "parley register --task-id H.2 --json",
    "parley register --llm mytool --name worker --json",
    "parley status --no-log --json",
  ].join("; ");
  for (const above of ["desk", "claude"]) {
    const agent = await box.startAgent(above);
    const { stdout } = await agent.run([
      "parley",
      "run",
      "--llm",
      "mytool",
      "--",
      "sh",
      "-c",
      script,
    ]);
    const [first, second, { data }] = stdout
      .trimEnd()
      .split("\n")
      .map((each) => JSON.parse(each));
    expect([first.data.created, second.data.created]).toEqual([false, false]);
    expect(data.sessions).toMatchObject([
      { session_id: data.this_session, task_id: "H.2", name: "worker", liveness: "pid" },
    ]);
  }
});

test("streams, arguments and the exit code are the program's own", async () => {
  const run = await box.parley(
    ["run", "--", "sh", "-c", 'cat; echo "$1" >&2; exit 7', "sh", "a  b'c"],
    { input: "as it came" },
  );
  expect(run).toMatchObject({ exitCode: 7, stdout: "as it came", stderr: "a  b'c\n" });
});

test("with --json the one line tells the session and the exit code, the program writes to stderr", async () => {
  const run = await box.parley(["run", "--json", "--", "sh", "-c", "echo said; exit 3"]);
  expect(run).toMatchObject({ exitCode: 3, stderr: "said\n" });
  expect(run.json().data).toMatchObject({ exit_code: 3, session: { llm_vendor: "sh" } });
});

test("a known program brings its vendor, an unknown one its name", async () => {
  for (const [name, vendor] of [
    ["kimi-cli", "kimi"],
    ["My.Tool-2", "my_tool_2"],
  ] as const) {
    writeFileSync(pathOf(box.bin, name), "#!/bin/sh\necho $PARLEY_SESSION\n");
    chmodSync(pathOf(box.bin, name), 0o755);
    expect((await box.parley(["run", "--", name])).stdout).toMatch(
      new RegExp(`^${vendor}-\\d+\n$`),
    );
  }
});

test("a program with a long name runs all the same", async () => {
  const name = `${"long-".repeat(13)}name`;
  writeFileSync(pathOf(box.bin, name), "#!/bin/sh\necho $PARLEY_SESSION\n", { mode: 0o755 });
  const { stdout } = await box.parley(["run", "--", name]);
  expect(stdout).toMatch(/^(?:long_){12}long-\d+\n$/);
});

test("a program in the directory is found by its path", async () => {
  writeFileSync(pathOf(box.dir, "agent.sh"), "#!/bin/sh\necho here\n");
  chmodSync(pathOf(box.dir, "agent.sh"), 0o755);
  expect((await box.parley(["run", "--", "./agent.sh"])).stdout).toBe("here\n");
});

test("a program that is not there is not_found, and nothing was registered", async () => {
  const run = await box.parley(["run", "--json", "--", "no-such-program"]);
  expect(run.exitCode).toBe(4);
  expect(run.json().error).toMatchObject({
    code: "not_found",
    hint: "check its name and the PATH; nothing was registered",
  });
  expect(existsSync(box.db)).toBe(false);
  expect((await box.parley(["run", "--json"])).json().error.code).toBe("invalid");
});

test("a program whose session cannot be registered never begins", async () => {
  await box.parley(["register", "--llm", "kimi", "--name", "taken"]);
  const run = await box.parley(["run", "--name", "taken", "--json", "--", "touch", "begun"]);
  expect(run.json().error.code).toBe("conflict");
  expect(run.exitCode).toBe(3);
  expect(existsSync(pathOf(box.dir, "begun"))).toBe(false);
});

test("the session ends with the program, however that ends", async () => {
  const killed = await box.parley(["run", "--", "sh", "-c", "kill -9 $$"]);
  expect(killed.exitCode).toBe(137);
  const { sessions, lifecycle } = await status();
  expect(sessions).toEqual([]);
  expect(lifecycle[0].reason).toBe("exited with 137");
});

test("a signal reaches the program, which may answer it", async () => {
  const line = `parley run -- sh -c 'trap "echo asked; exit 5" TERM; echo ready > ready; while :; do sleep 0.05; done' &
    while [ ! -s ready ]; do sleep 0.02; done; kill -TERM $!; wait $!; echo $?`;
  const agent = await box.startAgent("desk");
  expect((await agent.run(["sh", "-c", line])).stdout).toBe("asked\n5\n");
});

test("where parley run itself is killed, the program goes on and its session with it", async () => {
  const line = `parley run --name lasting -- sh -c 'echo $$ > pid; exec sleep 60 >/dev/null 2>&1' &
    while [ ! -s pid ]; do sleep 0.02; done; kill -9 $!; wait $! 2>/dev/null; true`;
  const agent = await box.startAgent("desk");
  await agent.run(["sh", "-c", line]);
  const pid = Number(readFileSync(pathOf(box.dir, "pid"), "utf8"));
  expect((await status()).sessions).toMatchObject([{ name: "lasting", pid }]);
  process.kill(pid, "SIGKILL");
  const { sessions, lifecycle } = await status();
  expect(sessions).toEqual([]);
  expect(lifecycle[0].reason).toBe("process exited");
});

test("an agent with hooks that is run so is one session", async () => {
  writeFileSync(
    pathOf(box.bin, "claude"),
    `#!/bin/sh
echo '{"session_id":"uuid-1","hook_event_name":"UserPromptSubmit"}' | parley hook claude
CLAUDE_PID=$$ parley status --no-log --json
`,
  );
  chmodSync(pathOf(box.bin, "claude"), 0o755);
  const run = await box.parley(["run", "--", "claude"]);
  const { sessions, this_session } = run.json().data;
  expect(sessions).toHaveLength(1);
  expect(sessions[0]).toMatchObject({ session_id: this_session, llm_vendor: "claude" });
});

test("its help says where the program stands", async () => {
  const { stdout } = await box.parley(["run", "--help"]);
  expect(stdout).toContain("USAGE parley run [OPTIONS] -- COMMAND…\n");
});
