/** Which of the caller's ancestors stands for it, with real processes. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { oneShot, ProcessTree } from "./process-tree";

const onLinux = process.platform === "linux";

describe.if(onLinux)("with a known agent above", () => {
  test("the agent is found by its program's name, through one-shot shells", async () => {
    using tree = new ProcessTree();
    const { reports, pids } = await tree.run([
      ...tree.fakeProgram("claude"),
      ...oneShot,
      ...oneShot,
      ...tree.report(),
    ]);
    const [{ agent, callerEvidence }] = reports as [(typeof reports)[0]];
    expect(agent).toMatchObject({
      vendor: "claude",
      vendor_source: "process claude",
      liveness: "pid",
      shared_host: false,
      cwd: tree.directory,
    });
    expect(agent.pid).toBe(pids["claude"]![0]!);
    expect(agent.evidence).toMatchObject({
      pid: agent.pid,
      start_ticks: expect.stringMatching(/^\d+$/),
    });
    expect(callerEvidence.ancestors).toContainEqual(agent.evidence!);
  });

  test("the nearest of two agents is the caller", async () => {
    using tree = new ProcessTree();
    const env = { CLAUDECODE: "1", CLAUDE_CODE_SESSION_ID: "outer", CODEX_THREAD_ID: "inner" };
    const command = [
      ...tree.fakeProgram("codex"),
      ...oneShot,
      ...tree.fakeProgram("claude"),
      ...tree.report(),
    ];
    const { reports, pids } = await tree.run(command, { env });
    expect(reports[0]!.agent).toMatchObject({
      vendor: "claude",
      conversation_id: "outer",
      pid: pids["claude"]![0],
    });
    expect(reports[0]!.callerEvidence).toMatchObject({ conversation_ids: ["outer"], tty: null });
    const above = reports[0]!.callerEvidence.ancestors.map(({ pid }) => pid);
    expect(above).toContain(pids["claude"]![0]!);
    expect(above).not.toContain(pids["codex"]![0]!);
  });

  test("an agent inside another of its vendor is the inner one, and a launcher counts with the agent that it started", async () => {
    using tree = new ProcessTree();
    const nested = await tree.run([
      ...tree.fakeProgram("claude"),
      ...oneShot,
      ...tree.fakeProgram("claude"),
      ...tree.report(),
    ]);
    const [outer, inner] = nested.pids["claude"] as [number, number];
    const seen = nested.reports[0]!.callerEvidence.ancestors.map(({ pid }) => pid);
    expect([seen.includes(inner), seen.includes(outer)]).toEqual([true, false]);
    using other = new ProcessTree();
    const again = await other.run([
      ...other.fakeProgram("gemini"),
      ...other.fakeProgram("gemini"),
      ...other.report(),
    ]);
    expect(again.reports[0]!.callerEvidence.ancestors.map(({ pid }) => pid)).toEqual(
      again.pids["gemini"]!.toReversed(),
    );
  });

  test("the directory of a shared host is not that of its sessions", async () => {
    using tree = new ProcessTree();
    const { reports } = await tree.run([
      ...tree.fakeProgram("codex", "app-server", "--listen", "unix://"),
      ...oneShot,
      ...tree.report(),
    ]);
    expect(reports[0]!.agent).toMatchObject({
      vendor: "codex",
      shared_host: true,
      liveness: "pid",
      tty: null,
      // The one-shot shell has gone to the root before it reports.
      cwd: "/",
    });
  });

  test("an agent run by an interpreter is known by its package", async () => {
    using tree = new ProcessTree();
    const script = "lib/node_modules/@google/gemini-cli/bundle/start.js";
    const { reports, pids } = await tree.run([
      ...tree.interpreted("node", script),
      ...oneShot,
      ...tree.report(),
    ]);
    expect(reports[0]!.agent).toMatchObject({
      vendor: "gemini",
      liveness: "pid",
      pid: pids["node"]![0],
    });
  });

  test("a program in a directory with an agent's name is no agent", async () => {
    using tree = new ProcessTree();
    const { reports, pids } = await tree.run([
      ...tree.interpreted("node", "claude/codex/server.js"),
      ...tree.report(),
    ]);
    expect(reports[0]!.agent).toMatchObject({
      vendor: null,
      liveness: "heartbeat",
      pid: pids["node"]![0],
    });
  });

  test("Codex's app server is a shared host", async () => {
    using tree = new ProcessTree();
    const command = [
      ...tree.fakeProgram("codex", "app-server", "--listen", "unix://"),
      ...tree.report(),
    ];
    const { reports } = await tree.run(command, { env: { CODEX_SESSION_ID: "thread-1" } });
    expect(reports[0]!.agent).toMatchObject({
      vendor: "codex",
      shared_host: true,
      conversation_id: "thread-1",
    });
  });

  test("Codex's sandbox helper is not the agent though it is the same program", async () => {
    using tree = new ProcessTree();
    const helper = [
      "bash",
      "-c",
      'exec -a codex-linux-sandbox "$@"',
      "bash",
      ...tree.fakeProgram("codex"),
    ];
    const { reports, pids } = await tree.run([
      ...tree.fakeProgram("codex"),
      ...helper,
      ...tree.report(),
    ]);
    expect(reports[0]!.agent.pid).toBe(pids["codex"]![0]!);
  });

  test("the model comes from the agent's command line", async () => {
    using tree = new ProcessTree();
    const command = [
      ...tree.fakeProgram("claude", "--model", "claude-opus-4-6-20260205"),
      ...tree.report(),
    ];
    const { reports } = await tree.run(command, { env: { ANTHROPIC_MODEL: "other" } });
    expect(reports[0]!.agent.model).toBe("opus-4.6");
  });
});

describe.if(onLinux)("without a known agent", () => {
  test("two one-shot shells of one program find that program", async () => {
    using tree = new ProcessTree();
    const twice = [
      "sh",
      "-c",
      `sh -c "cd / && \\"\\$@\\"; true" sh "$@"; timeout 60 "$@"; true`,
      "sh",
    ];
    const { reports, pids } = await tree.run(
      [...tree.fakeProgram("my-agent"), ...twice, ...tree.report()],
      { count: 2 },
    );
    for (const { agent } of reports) {
      expect(agent).toMatchObject({
        vendor: null,
        liveness: "heartbeat",
        pid: pids["my-agent"]![0],
      });
    }
  });

  test.if(Bun.which("python3") !== null)(
    "Python's shell=True finds the same process each time",
    async () => {
      using tree = new ProcessTree();
      const script = join(tree.directory, "agent.py");
      writeFileSync(
        script,
        "import os, shlex, subprocess, sys\n" +
          "open(os.environ['FAKE_PROGRAM_NOTES'], 'a').write(f'python {os.getpid()}\\n')\n" +
          "for _ in range(2): subprocess.run('cd / && ' + shlex.join(sys.argv[1:]) + '; true', shell=True)\n",
      );
      const { reports, pids } = await tree.run(["python3", script, ...tree.report()], {
        count: 2,
      });
      expect(reports.map(({ agent }) => agent.pid)).toEqual([
        pids["python"]![0]!,
        pids["python"]![0]!,
      ]);
    },
  );

  test("a shell that runs a script file is the caller, and so it is from its subshells", async () => {
    using tree = new ProcessTree();
    const script = join(tree.directory, "work.sh");
    writeFileSync(
      script,
      'echo "script $$" >> "$FAKE_PROGRAM_NOTES"\n"$@"\n( cd / && "$@"; true )\nx=$("$@"; true)\n',
    );
    const { reports, pids } = await tree.run(["bash", script, ...tree.report()], { count: 3 });
    expect(reports.map(({ agent }) => agent.pid)).toEqual(Array(3).fill(pids["script"]![0]));
  });

  test("where all are wrappers, the outermost is what the commands have in common", async () => {
    using tree = new ProcessTree();
    const outer = [
      "sh",
      "-c",
      'echo "outer $$" >> "$FAKE_PROGRAM_NOTES"; sh -c "\\"\\$@\\"; true" sh "$@"; "$@"; true',
      "sh",
    ];
    const { reports, pids } = await tree.run([...outer, ...tree.report()], { count: 2 });
    expect(reports.map(({ agent }) => agent.pid)).toEqual([pids["outer"]![0]!, pids["outer"]![0]!]);
    expect(reports[0]!.agent.liveness).toBe("heartbeat");
  });
});

describe.if(onLinux)("--pid", () => {
  test("names the process whose end is the session's end", async () => {
    using tree = new ProcessTree();
    const shell = ["sh", "-c", 'exec "$@" "{\\"pid\\":$PPID}"', "sh"];
    const command = [...tree.fakeProgram("service"), ...shell, ...tree.report().slice(0, -1)];
    const { reports, pids } = await tree.run(command, {
      env: { GEMINI_CLI: "1", GEMINI_SESSION_ID: "g1" },
    });
    expect(reports[0]!.agent).toMatchObject({
      pid: pids["service"]![0],
      liveness: "pid",
      vendor: "gemini",
      vendor_source: "environment GEMINI_CLI",
      conversation_id: "g1",
    });
  });

  test("its own vendor counts before that of the nearest agent, and the caller's conversation is not its own", async () => {
    using tree = new ProcessTree();
    await using other = Bun.spawn([...tree.fakeProgram("codex"), "sleep", "9"], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    const command = [...tree.fakeProgram("claude"), ...tree.report({ pid: other.pid })];
    const { reports } = await tree.run(command, { env: { CODEX_THREAD_ID: "ours" } });
    expect(reports[0]!.agent).toMatchObject({
      pid: other.pid,
      vendor: "codex",
      conversation_id: null,
    });
  });

  test("of a process that cannot be seen leaves only the heartbeat", async () => {
    using tree = new ProcessTree();
    const { reports } = await tree.run([
      ...tree.fakeProgram("claude"),
      ...tree.report({ pid: 99_999_999 }),
    ]);
    expect(reports[0]!.agent).toMatchObject({
      pid: 99_999_999,
      evidence: null,
      liveness: "heartbeat",
      vendor: "claude",
    });
  });
});

test("the agent's terminal has a name, and is evidence only where no agent is above", async () => {
  if (!onLinux || !Bun.which("script")) return;
  using tree = new ProcessTree();
  const line = [...tree.fakeProgram("claude"), ...tree.report()]
    .map((word) => `'${word}'`)
    .join(" ");
  const { reports } = await tree.run(["script", "-qec", line, "/dev/null"]);
  expect(reports[0]!.agent.tty).toMatch(/^\/dev\/pts\/\d+$/);
  expect(reports[0]!.callerEvidence.tty).toBeNull();
  using desk = new ProcessTree();
  const bare = [...desk.fakeProgram("desk"), ...desk.report()].map((word) => `'${word}'`).join(" ");
  const without = await desk.run(["script", "-qec", bare, "/dev/null"]);
  expect(without.reports[0]!.callerEvidence.tty).toMatch(/^\/dev\/pts\/\d+$/);
});
