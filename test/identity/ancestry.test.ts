/** Which ancestor counts. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { oneShot, Stage } from "./process-tree";

const onLinux = process.platform === "linux";

describe.if(onLinux)("with a known agent above", () => {
  test("the agent is found by its program's name, through one-shot shells", async () => {
    using stage = new Stage();
    const { reports, pids } = await stage.play([
      ...stage.standIn("claude"),
      ...oneShot,
      ...oneShot,
      ...stage.report(),
    ]);
    const [{ agent, clues }] = reports as [(typeof reports)[0]];
    expect(agent).toMatchObject({
      vendor: "claude",
      vendor_source: "process claude",
      liveness: "pid",
      shared_host: false,
      cwd: stage.directory,
    });
    expect(agent.pid).toBe(pids["claude"]![0]!);
    expect(agent.evidence).toMatchObject({
      pid: agent.pid,
      start_ticks: expect.stringMatching(/^\d+$/),
    });
    expect(clues.ancestors).toContainEqual(agent.evidence!);
  });

  test("the nearest of two agents is the caller", async () => {
    using stage = new Stage();
    const env = { CLAUDECODE: "1", CLAUDE_CODE_SESSION_ID: "outer", CODEX_THREAD_ID: "inner" };
    const command = [
      ...stage.standIn("codex"),
      ...oneShot,
      ...stage.standIn("claude"),
      ...stage.report(),
    ];
    const { reports, pids } = await stage.play(command, { env });
    expect(reports[0]!.agent).toMatchObject({
      vendor: "claude",
      conversation_id: "outer",
      pid: pids["claude"]![0],
    });
    expect(reports[0]!.clues).toMatchObject({ conversation_ids: ["outer"], tty: null });
    const above = reports[0]!.clues.ancestors.map(({ pid }) => pid);
    expect(above).toContain(pids["claude"]![0]!);
    expect(above).not.toContain(pids["codex"]![0]!);
  });

  test("an agent inside another of its kind is itself, and one that started itself again is both", async () => {
    using stage = new Stage();
    const nested = await stage.play([
      ...stage.standIn("claude"),
      ...oneShot,
      ...stage.standIn("claude"),
      ...stage.report(),
    ]);
    const [outer, inner] = nested.pids["claude"] as [number, number];
    const seen = nested.reports[0]!.clues.ancestors.map(({ pid }) => pid);
    expect([seen.includes(inner), seen.includes(outer)]).toEqual([true, false]);
    using other = new Stage();
    const again = await other.play([
      ...other.standIn("gemini"),
      ...other.standIn("gemini"),
      ...other.report(),
    ]);
    expect(again.reports[0]!.clues.ancestors.map(({ pid }) => pid)).toEqual(
      again.pids["gemini"]!.toReversed(),
    );
  });

  test("a host of several sessions lends none of them its directory", async () => {
    using stage = new Stage();
    const { reports } = await stage.play([
      ...stage.standIn("codex", "app-server", "--listen", "unix://"),
      ...oneShot,
      ...stage.report(),
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
    using stage = new Stage();
    const script = "lib/node_modules/@google/gemini-cli/bundle/start.js";
    const { reports, pids } = await stage.play([
      ...stage.interpreted("node", script),
      ...oneShot,
      ...stage.report(),
    ]);
    expect(reports[0]!.agent).toMatchObject({
      vendor: "gemini",
      liveness: "pid",
      pid: pids["node"]![0],
    });
  });

  test("a program in a directory with an agent's name is no agent", async () => {
    using stage = new Stage();
    const { reports, pids } = await stage.play([
      ...stage.interpreted("node", "claude/codex/server.js"),
      ...stage.report(),
    ]);
    expect(reports[0]!.agent).toMatchObject({
      vendor: null,
      liveness: "heartbeat",
      pid: pids["node"]![0],
    });
  });

  test("Codex's app server is a shared host", async () => {
    using stage = new Stage();
    const command = [
      ...stage.standIn("codex", "app-server", "--listen", "unix://"),
      ...stage.report(),
    ];
    const { reports } = await stage.play(command, { env: { CODEX_SESSION_ID: "thread-1" } });
    expect(reports[0]!.agent).toMatchObject({
      vendor: "codex",
      shared_host: true,
      conversation_id: "thread-1",
    });
  });

  test("Codex's sandbox helper is not the agent though it is the same program", async () => {
    using stage = new Stage();
    const helper = [
      "bash",
      "-c",
      'exec -a codex-linux-sandbox "$@"',
      "bash",
      ...stage.standIn("codex"),
    ];
    const { reports, pids } = await stage.play([
      ...stage.standIn("codex"),
      ...helper,
      ...stage.report(),
    ]);
    expect(reports[0]!.agent.pid).toBe(pids["codex"]![0]!);
  });

  test("the model comes from the agent's command line", async () => {
    using stage = new Stage();
    const command = [
      ...stage.standIn("claude", "--model", "claude-opus-4-6-20260205"),
      ...stage.report(),
    ];
    const { reports } = await stage.play(command, { env: { ANTHROPIC_MODEL: "other" } });
    expect(reports[0]!.agent.model).toBe("opus-4.6");
  });
});

describe.if(onLinux)("without a known agent", () => {
  test("two one-shot shells of one program find that program", async () => {
    using stage = new Stage();
    const twice = [
      "sh",
      "-c",
      `sh -c "cd / && \\"\\$@\\"; true" sh "$@"; timeout 60 "$@"; true`,
      "sh",
    ];
    const { reports, pids } = await stage.play(
      [...stage.standIn("my-agent"), ...twice, ...stage.report()],
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
      using stage = new Stage();
      const script = join(stage.directory, "agent.py");
      writeFileSync(
        script,
        "import os, shlex, subprocess, sys\n" +
          "open(os.environ['STAND_IN_NOTES'], 'a').write(f'python {os.getpid()}\\n')\n" +
          "for _ in range(2): subprocess.run('cd / && ' + shlex.join(sys.argv[1:]) + '; true', shell=True)\n",
      );
      const { reports, pids } = await stage.play(["python3", script, ...stage.report()], {
        count: 2,
      });
      expect(reports.map(({ agent }) => agent.pid)).toEqual([
        pids["python"]![0]!,
        pids["python"]![0]!,
      ]);
    },
  );

  test("a shell that runs a script file is the caller, and so it is from its subshells", async () => {
    using stage = new Stage();
    const script = join(stage.directory, "work.sh");
    writeFileSync(
      script,
      'echo "script $$" >> "$STAND_IN_NOTES"\n"$@"\n( cd / && "$@"; true )\nx=$("$@"; true)\n',
    );
    const { reports, pids } = await stage.play(["bash", script, ...stage.report()], { count: 3 });
    expect(reports.map(({ agent }) => agent.pid)).toEqual(Array(3).fill(pids["script"]![0]));
  });

  test("where all are wrappers, the outermost is what the commands have in common", async () => {
    using stage = new Stage();
    const outer = [
      "sh",
      "-c",
      'echo "outer $$" >> "$STAND_IN_NOTES"; sh -c "\\"\\$@\\"; true" sh "$@"; "$@"; true',
      "sh",
    ];
    const { reports, pids } = await stage.play([...outer, ...stage.report()], { count: 2 });
    expect(reports.map(({ agent }) => agent.pid)).toEqual([pids["outer"]![0]!, pids["outer"]![0]!]);
    expect(reports[0]!.agent.liveness).toBe("heartbeat");
  });
});

describe.if(onLinux)("--pid", () => {
  test("names the process whose end is the session's end", async () => {
    using stage = new Stage();
    const shell = ["sh", "-c", 'exec "$@" "{\\"pid\\":$PPID}"', "sh"];
    const command = [...stage.standIn("service"), ...shell, ...stage.report().slice(0, -1)];
    const { reports, pids } = await stage.play(command, {
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

  test("its own vendor goes before that of the nearest agent, and it has no share in our conversation", async () => {
    using stage = new Stage();
    await using other = Bun.spawn([...stage.standIn("codex"), "sleep", "9"], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    const command = [...stage.standIn("claude"), ...stage.report({ pid: other.pid })];
    const { reports } = await stage.play(command, { env: { CODEX_THREAD_ID: "ours" } });
    expect(reports[0]!.agent).toMatchObject({
      pid: other.pid,
      vendor: "codex",
      conversation_id: null,
    });
  });

  test("of a process that cannot be seen leaves only the heartbeat", async () => {
    using stage = new Stage();
    const { reports } = await stage.play([
      ...stage.standIn("claude"),
      ...stage.report({ pid: 99_999_999 }),
    ]);
    expect(reports[0]!.agent).toMatchObject({
      pid: 99_999_999,
      evidence: null,
      liveness: "heartbeat",
      vendor: "claude",
    });
  });
});

test("a terminal of the agent is told by name, and is a clue only where no agent is above", async () => {
  if (!onLinux || !Bun.which("script")) return;
  using stage = new Stage();
  const line = [...stage.standIn("claude"), ...stage.report()].map((word) => `'${word}'`).join(" ");
  const { reports } = await stage.play(["script", "-qec", line, "/dev/null"]);
  expect(reports[0]!.agent.tty).toMatch(/^\/dev\/pts\/\d+$/);
  expect(reports[0]!.clues.tty).toBeNull();
  using desk = new Stage();
  const bare = [...desk.standIn("desk"), ...desk.report()].map((word) => `'${word}'`).join(" ");
  const without = await desk.play(["script", "-qec", bare, "/dev/null"]);
  expect(without.reports[0]!.clues.tty).toMatch(/^\/dev\/pts\/\d+$/);
});
