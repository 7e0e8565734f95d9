/** Stories of `rescue`. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { isOnServer, onlyInFile } from "../../server";
import { type Agent, type Sandbox, sandbox } from "../../support";

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.cleanup());

const conversation = "bc3c640c-3d3f-4411-b73b-ef44f6c3f018";

/** An agent that holds a lock and a claim, and its session's id. */
async function holder(vendor: string, file: string): Promise<{ agent: Agent; id: string }> {
  const env = vendor === "claude" ? { CLAUDE_CODE_SESSION_ID: conversation } : {};
  const agent = await box.startAgent(vendor, { env });
  const registered = await agent.run(["parley", "register", "--json"]);
  await agent.run(["parley", "lock", file]);
  await agent.run(["parley", "claim", `T.${file}`]);
  return { agent, id: registered.json().data.session.session_id };
}

const rescue = async (agent: Agent, ...args: string[]) => {
  const run = await agent.run(["parley", "rescue", "--json", ...args]);
  return run.json();
};

interface Seen {
  session_id: string;
  state: string;
}

const states = (answer: { data: { sessions: Seen[] } }) =>
  Object.fromEntries(answer.data.sessions.map(({ session_id, state }) => [session_id, state]));

const isRunning = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));

describe("rescue", () => {
  onlyInFile("looks without touching, then frees what a dead session held", async () => {
    const { agent, id } = await holder("claude", "a.py");
    const codex = await box.startAgent("codex");
    const registered = await codex.run(["parley", "register", "--json"]);
    const own = registered.json().data.session.session_id;
    await agent.kill();

    const seen = await rescue(codex, "--status");
    expect(states(seen)).toEqual({ [id]: "DEAD", [own]: "CURRENT" });
    expect(seen.data.released).toEqual({ locks: 0, claims: 0 });
    const again = await rescue(codex, "--status");
    expect(again.data.sessions[0]).toMatchObject({
      file_locks: [join(box.dir, "a.py")],
      claimed_task: "T.a.py",
      end_reason: "process exited",
      ended_at: null,
      resume_command: `claude --resume ${conversation}`,
      released: false,
    });

    const done = await rescue(codex);
    expect(done.data.released).toEqual({ locks: 1, claims: 1 });
    expect(done.data.sessions[0]).toMatchObject({ session_id: id, state: "DEAD", released: true });
    expect((await codex.run(["parley", "lock", "a.py"])).exitCode).toBe(0);

    // The ended session is still listed for a while, with its resume command.
    const later = await codex.run(["parley", "rescue", "--resume"]);
    expect(later.stdout).toContain(`**Session: ${id}** DEAD`);
    expect(later.stdout).toContain(`cd '${box.dir}' && claude --resume ${conversation}`);
    expect(later.stdout).toContain("Released: 0 file locks, 0 task claims");
  });

  test("keeps a working and a hung session, and ends the hung one with --force", async () => {
    const busy = await holder("claude", "a.py");
    const hung = await holder("gemini", "b.py");
    const codex = await box.startAgent("codex");
    const working = busy.agent.run(["sh", "-c", "while kill -0 $PPID; do :; done"]).catch(() => {});
    await hung.agent.kill("SIGSTOP");
    const seen = await rescue(codex, "--hung-after", "1ms");
    expect(states(seen)).toEqual({ [busy.id]: "ACTIVE", [hung.id]: "HUNG" });
    expect(seen.data.released).toEqual({ locks: 0, claims: 0 });

    const forced = await rescue(codex, "--hung-after", "1ms", "--force");
    expect(forced.data.released).toEqual({ locks: 1, claims: 1 });
    expect(isRunning(hung.agent.pid)).toBe(true);
    await hung.agent.kill("SIGCONT");
    const after = await hung.agent.run(["parley", "unlock", "--all", "--json"]);
    expect(after.json().error.code).toBe("not_registered");
    await busy.agent.kill();
    await working;
  });

  test("acts on the named sessions alone", async () => {
    const first = await holder("claude", "a.py");
    const second = await holder("gemini", "b.py");
    await first.agent.kill();
    await second.agent.kill();
    const one = await rescue(await box.startAgent("desk"), second.id);
    expect(states(one)).toEqual({ [second.id]: "DEAD" });
    // On a server the heartbeat process of the session may have noticed the death, and ended the session, before.
    const released = [{ locks: 1, claims: 1 }, ...(isOnServer() ? [{ locks: 0, claims: 0 }] : [])];
    expect(released).toContainEqual(one.data.released);
    const { locks } = (await box.parley(["status", "--locks", "--json"])).json().data;
    expect(locks.filter((each: { session_id: string }) => each.session_id === second.id)).toEqual(
      [],
    );
    const unknown = await box.parley(["rescue", "nobody-1"]);
    expect(unknown.exitCode).toBe(4);
  });

  onlyInFile("writes what a session had into new private files", async () => {
    const { agent, id } = await holder("claude", "a.py");
    const codex = await box.startAgent("codex");
    await codex.run(["parley", "register"]);
    await codex.run(["parley", "message", id, "are you there?"]);
    await agent.run(["parley", "message", "--all", "busy"]);
    await agent.kill();
    for (let n = 0; n < 2; n++) {
      const run = await codex.run(["parley", "rescue", "--export", "saved/here"]);
      expect(run.stdout).toContain("**Exported:** ");
    }
    const directory = join(box.dir, "saved/here");
    expect(readdirSync(directory).toSorted()).toEqual([`${id}.2.json`, `${id}.json`]);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const file = join(directory, `${id}.json`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      session: { session_id: id, state: "DEAD" },
      locks: [{ file_path: join(box.dir, "a.py") }],
      claims: [{ task_id: "T.a.py" }],
      messages: {
        sent: [{ payload: { message: "busy" } }],
        received: [{ message_type: "cwd_overlap" }, { payload: { message: "are you there?" } }],
        unread: [{ status: "pending" }, { status: "pending" }],
      },
    });
    expect((await codex.run(["parley", "rescue", "--export", "/proc/x"])).exitCode).toBe(8);
  });

  test("kills a process only with a yes, and frees what its session held", async () => {
    const { agent, id } = await holder("claude", "a.py");
    const refused = await box.parley(["rescue", id, "--kill", "--json"]);
    expect(refused.json().error.code).toBe("invalid");
    expect(isRunning(agent.pid)).toBe(true);

    const done = await rescue(await box.startAgent("desk"), id, "--kill", "--yes");
    expect(done.data.sessions[0]).toMatchObject({ killed: "terminated", released: true });
    expect(done.data.released).toEqual({ locks: 1, claims: 1 });
    expect(isRunning(agent.pid)).toBe(false);
  });

  test("ends with SIGKILL a process that SIGTERM does not end", async () => {
    const { agent, id } = await holder("claude", "a.py");
    await agent.kill("SIGSTOP");
    const run = await box.parley(["rescue", "--kill", "--yes", "--hung-after", "1ms"]);
    expect(run.stdout).toContain(`**Session: ${id}** HUNG`);
    expect(run.stdout).toContain("**Kill:** ended after SIGKILL");
    expect(run.stdout).toContain("Released: 1 file lock, 1 task claim");
    expect(isRunning(agent.pid)).toBe(false);
  });

  test("kills neither the agent it runs below nor a host of several sessions", async () => {
    const { agent, id } = await holder("claude", "a.py");
    const own = await rescue(agent, id, "--kill", "--yes");
    expect(own.data.sessions[0]).toMatchObject({ state: "CURRENT", killed: "own_process" });
    expect(own.warnings).toMatchObject([{ code: "not_killed" }]);
    // Also where another session is named as the caller's.
    const operator = await rescue(agent, id, "--kill", "--yes", "--as", "operator");
    expect(operator.data.sessions[0]).toMatchObject({ killed: "own_process", released: false });

    const host = await box.startAgent("codex", { args: ["app-server"] });
    const registered = await host.run(["parley", "register", "--json"]);
    const shared = await rescue(
      agent,
      registered.json().data.session.session_id,
      "--kill",
      "--yes",
    );
    expect(shared.data.sessions[0]).toMatchObject({ killed: "shared_process" });
    expect([isRunning(agent.pid), isRunning(host.pid)]).toEqual([true, true]);
  });

  test.if(existsSync("/usr/bin/script"))(
    "asks at a terminal, and takes no for an answer",
    async () => {
      const { agent, id } = await holder("claude", "a.py");
      const desk = await box.startAgent("desk");
      const ask = (answer: string) =>
        desk.run([
          "sh",
          "-c",
          `(sleep 1; printf '${answer}\\n'; sleep 1) | script -qec "parley rescue ${id} --kill" /dev/null`,
        ]);
      const no = await ask("n");
      expect(no.stdout).toContain(`Kill ${id} (PID ${agent.pid}, ACTIVE`);
      expect(no.stdout).toContain("not killed, as you said no");
      expect(isRunning(agent.pid)).toBe(true);
      const yes = await ask("y");
      expect(yes.stdout).toContain("ended after SIGTERM");
      expect(isRunning(agent.pid)).toBe(false);
    },
  );

  test("needs a bus, and refuses what contradicts itself", async () => {
    expect((await box.parley(["rescue"])).exitCode).toBe(4);
    for (const args of [
      ["--status", "--force"],
      ["--status", "--kill", "--yes"],
      ["--hung-after", "soon"],
    ]) {
      expect((await box.parley(["rescue", ...args])).exitCode).toBe(64);
    }
  });
});
