/** Stories of tools without hooks, and of tools that call the generic hook. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join as pathOf } from "node:path";

import { type Agent, type Run, sandbox, type Sandbox } from "../../support";
import { startSession, type TestSession } from "./agents";

const docs = pathOf(import.meta.dir, "../../../docs");

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.cleanup());

/** The directory of a program that an example needs; null where it is missing. */
function directoryOf(program: string): string | null {
  const path = Bun.which(program);
  if (path === null || program !== "python3") return path && dirname(realpathSync(path));
  // What is on the PATH may only look for the program, by variables that stories do not have.
  const { success, stdout } = Bun.spawnSync([path, "-c", "import sys; print(sys.executable)"]);
  return success ? dirname(stdout.toString().trim()) : null;
}

const examples = [
  { file: "worker.sh", needs: "jq", program: "sh" },
  { file: "worker.py", needs: "python3", program: "python3" },
];

for (const { file, needs, program } of examples) {
  const more = directoryOf(needs);
  describe.skipIf(more === null)(`docs/examples/${file}`, () => {
    const example = pathOf(docs, "examples", file);
    const work = async (...args: string[]): Promise<Run> => {
      const env = { PATH: `${box.bin}:${more}:/usr/bin:/bin` };
      return (await box.startAgent("desk")).run([program, example, ...args], { env });
    };

    /** Waits until a session of this name is registered, writes to it, and waits for its answer. */
    async function ask(session: TestSession, name: string, text: string): Promise<string> {
      for (;;) {
        const { sessions } = (await session.parley("status", "--no-log", "--json")).json().data;
        if (sessions.some((each: { name: string | null }) => each.name === name)) break;
        await Bun.sleep(20);
      }
      const run = await session.parley("message", name, text, "--wait", "reply", "--json");
      return run.json().data.replies[0].payload.message;
    }

    test("takes part by --json alone: joins, waits, locks, answers and leaves", async () => {
      const claude = await startSession(box, "claude");
      const target = pathOf(box.dir, "notes.txt");
      const [run, answer] = await Promise.all([
        work("helper", target),
        ask(claude, "helper", 'a "quoted" \\n text'),
      ]);
      expect(run).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
      expect(answer).toBe(`done: ${target}`);
      expect(readFileSync(target, "utf8")).toBe('a "quoted" \\n text\n');
      const { sessions, stats } = (await claude.parley("status", "--no-log", "--json")).json().data;
      expect(sessions).toHaveLength(1);
      expect(stats.file_locks).toBe(0);
    });

    test("leaves a file alone that another session holds, and says so", async () => {
      const claude = await startSession(box, "claude");
      const target = pathOf(box.dir, "notes.txt");
      await claude.parley("lock", target);
      const [, answer] = await Promise.all([work("helper", target), ask(claude, "helper", "text")]);
      expect(answer).toContain(claude.id);
      expect(existsSync(target)).toBe(false);
    }, 30_000);

    test("has about thirty lines, and stands on the page as it is", async () => {
      const text = readFileSync(example, "utf8");
      expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(32);
      expect(readFileSync(pathOf(docs, "integrate.md"), "utf8")).toContain(`\n${text}\`\`\`\n`);
    });
  });
}

/** A third-party tool that calls the generic hook. */
interface Tool {
  agent: Agent;
  id: string;
  hook(event: string, more?: Record<string, unknown>): Promise<Record<string, string> | null>;
}

async function tool(vendor: string): Promise<Tool> {
  const agent = await box.startAgent("desk");
  return {
    agent,
    id: `${vendor}-${agent.pid}`,
    hook: async (event, more = {}) => {
      const payload = {
        session_id: "chat-1",
        vendor,
        cwd: box.dir,
        pid: agent.pid,
        event,
        ...more,
      };
      const input = JSON.stringify(payload);
      const run = await agent.run(["parley", "hook", "generic"], { input });
      expect(run).toMatchObject({ exitCode: 0, stderr: "" });
      return run.stdout === "" ? null : run.json();
    },
  };
}

describe("parley hook generic", () => {
  test("registers, delivers, refuses, goes on and ends, in a form of our own", async () => {
    const claude = await startSession(box, "claude");
    const aider = await tool("aider");
    const holdings = async (): Promise<string[]> => {
      const { locks } = (await claude.parley("status", "--locks", "--json")).json().data;
      return locks.map((each: { file_path: string }) => each.file_path);
    };
    const start = await aider.hook("start", { model: "m-1" });
    expect(Object.keys(start!)).toEqual(["context"]);
    expect(start!["context"]).toContain(`this session is ${aider.id} `);
    const { sessions } = (await claude.parley("status", "--no-log", "--json")).json().data;
    expect(sessions[1]).toMatchObject({
      ...{ session_id: aider.id, llm_vendor: "aider", llm_model: "m-1", pid: aider.agent.pid },
      ...{ session_uuid: "chat-1", activity: { state: "idle" } },
    });

    await claude.parley("message", aider.id, "hello");
    expect((await aider.hook("prompt"))!["context"]).toContain("\nhello\n");
    expect(await aider.hook("prompt")).toBeNull();

    await claude.parley("lock", "a.txt");
    const paths = ["b.txt", "a.txt"];
    const refusal = await aider.hook("before_tool", { tool: { name: "edit", paths } });
    expect(Object.keys(refusal!)).toEqual(["deny"]);
    expect(refusal!["deny"]).toContain(claude.id);
    await claude.parley("unlock", "a.txt");
    expect(await aider.hook("before_tool", { tool: { paths } })).toBeNull();
    expect(await holdings()).toEqual(paths.map((each) => pathOf(box.dir, each)).toSorted());
    expect(await aider.hook("after_tool", { tool: { paths } })).toBeNull();

    await claude.parley("message", aider.id, "wait", "--priority", "2");
    const stop = await aider.hook("stop");
    expect(Object.keys(stop!)).toEqual(["continue"]);
    expect(stop!["continue"]).toContain("\nwait\n");
    expect(await aider.hook("stop", { continued: true })).toBeNull();
    expect(await holdings()).toEqual([]);

    expect(await aider.hook("end", { reason: "quit" })).toBeNull();
    const after = (await claude.parley("status", "--no-log", "--json")).json().data;
    expect(after.sessions).toHaveLength(1);
    expect(after.lifecycle[0]).toMatchObject({ event: "ended", reason: "session ended: quit" });
  });

  test("looks at a tool's line of shell as well", async () => {
    const claude = await startSession(box, "claude");
    await claude.parley("lock", "a.txt");
    const aider = await tool("aider");
    const command =
      "apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: a.txt\n*** End Patch\nEOF";
    expect(await aider.hook("before_tool", { tool: { command } })).toMatchObject({
      deny: expect.stringContaining(claude.id),
    });
    const run = await box.parley(["hook", "generic", "prompt"], { input: "{}" });
    expect(run).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
  });

  test("finds the process by itself where the payload names none", async () => {
    const aider = await tool("aider");
    await aider.hook("start", { pid: undefined });
    await aider.hook("prompt", { pid: undefined });
    const { sessions } = (await box.parley(["status", "--no-log", "--json"])).json().data;
    expect(sessions).toMatchObject([{ session_id: aider.id, pid: aider.agent.pid }]);
  });

  test.each([
    ["without a vendor", { vendor: undefined }],
    ["with a vendor that is no name", { vendor: "A B" }],
    ["without a session", { session_id: undefined }],
    ["with an odd pid", { pid: "7" }],
    ["with an odd event", { event: "toString" }],
  ])("says nothing to a payload %s, and logs why", async (_, more) => {
    const aider = await tool("aider");
    expect(await aider.hook("prompt", more)).toBeNull();
    const log = readFileSync(pathOf(box.home, ".local/share/parley/hook.log"), "utf8");
    expect(log).toContain("generic");
    expect(existsSync(box.db)).toBe(false);
  });
});
