/** The session that each MCP call belongs to. */
import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join as path } from "node:path";

import { type Run, sandbox } from "../support";
import { codexTurn, connect } from "./client";

interface Seen {
  session_id: string;
  session_uuid: string;
  cwd: string;
  heartbeat_at: string;
}

const sessions = (run: Run): Seen[] => run.json().data.sessions;
const list = ["parley", "status", "--no-log", "--json"];

test("an unregistered session is registered by its first call and not before", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const server = await connect(s, claude, { env: { CLAUDE_CODE_SESSION_ID: "conversation-1" } });
  await server.client.listTools();
  expect((await claude.run(list)).exitCode).toBe(4);
  await server.call("bus_status");
  expect(sessions(await claude.run(list))).toMatchObject([
    { session_id: `claude-${claude.pid}`, session_uuid: "conversation-1", cwd: s.dir },
  ]);
  await server.close();
});

test("a registered session keeps its conversation, whatever the server's environment says later", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  await claude.run(["parley", "register", "--session-uuid", "after-clear"]);
  const server = await connect(s, claude, { env: { CLAUDE_CODE_SESSION_ID: "before-clear" } });
  await server.call("bus_status");
  expect(sessions(await claude.run(list))).toMatchObject([{ session_uuid: "after-clear" }]);
  await server.close();
});

test("the sessions of Codex's daemon are distinguished by the conversation that each call names", async () => {
  await using s = sandbox();
  const daemon = await s.startAgent("codex", { args: ["app-server", "--listen", "unix://"] });
  const [one, two] = [path(s.dir, "one"), path(s.dir, "two")];
  mkdirSync(one);
  mkdirSync(two);
  // One server for each thread, each in its project.
  const [a, b] = [await connect(s, daemon, { cwd: one }), await connect(s, daemon, { cwd: two })];
  await a.call("bus_lock", { paths: ["mine"] }, codexTurn("thread-1"));
  expect((await b.call("bus_status", {}, codexTurn("thread-2"))).text).toContain(
    `You are codex-${daemon.pid}-2`,
  );
  expect(sessions(await s.parley(["status", "--no-log", "--json"]))).toMatchObject([
    { session_id: `codex-${daemon.pid}`, session_uuid: "thread-1", cwd: one },
    { session_id: `codex-${daemon.pid}-2`, session_uuid: "thread-2", cwd: two },
  ]);
  const refused = await b.call("bus_lock", { paths: ["../one/mine"] }, codexTurn("thread-2"));
  expect(refused.data.error.details.holder).toBe(`codex-${daemon.pid}`);
  // Their shell commands find them by the variables that Codex sets, in the sandbox and outside.
  for (const [thread, id] of [
    ["thread-1", `codex-${daemon.pid}`],
    ["thread-2", `codex-${daemon.pid}-2`],
  ]) {
    const env = { CODEX_SESSION_ID: thread, CODEX_THREAD_ID: thread };
    const run = await daemon.run(["parley", "task", "--json"], { env });
    expect(run.json().data.session.session_id).toBe(id);
  }
  const third = await daemon.run(["parley", "inbox", "--json"], {
    env: { CODEX_SESSION_ID: "thread-3" },
  });
  expect(third.exitCode).toBe(7);
  // A call that names no conversation belongs to no session.
  expect((await a.call("bus_status")).data.error).toMatchObject({
    code: "not_registered",
    details: { candidates: [`codex-${daemon.pid}`, `codex-${daemon.pid}-2`] },
  });
  await Promise.all([a.close(), b.close()]);
});

test("an agent that runs inside another is not taken for it", async () => {
  await using s = sandbox();
  const outer = await s.startAgent("claude", { env: { CLAUDE_CODE_SESSION_ID: "outer" } });
  await outer.run(["parley", "register"]);
  const gemini = path(s.bin, "gemini");
  Bun.spawnSync(["ln", "-s", process.execPath, gemini]);
  const script = path(s.dir, "inner.ts");
  await Bun.write(
    script,
    `const child = Bun.spawn(["parley", "mcp"], { stdin: new Response(process.env.LINES), stdout: "inherit" });
     await child.exited;
     console.log(process.pid);`,
  );
  const request = (id: number, method: string, params: object) =>
    JSON.stringify({ jsonrpc: "2.0", id, method, params });
  const run = await outer.run(["gemini", script], {
    env: {
      CLAUDE_PROJECT_DIR: s.dir,
      GEMINI_CLI: "1",
      LINES: `${request(1, "tools/call", { name: "bus_status" })}\n`,
    },
  });
  const [answer, pid] = run.stdout.trim().split("\n");
  expect(JSON.parse(answer!).result.content[0].text).toStartWith(`You are gemini-${pid}: gemini`);
});

test("a session can be named, and a vendor given", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  await claude.run(["parley", "register"]);
  const desk = await s.startAgent("desk");
  const named = await connect(s, desk, { env: { PARLEY_SESSION: `claude-${claude.pid}` } });
  expect((await named.call("bus_status")).text).toStartWith(`You are claude-${claude.pid}`);
  const nobody = await connect(s, desk, { env: { PARLEY_SESSION: "claude-1" } });
  expect((await nobody.call("bus_status")).data.error.code).toBe("not_registered");
  const unknown = await connect(s, desk);
  expect((await unknown.call("bus_status")).data.error.code).toBe("invalid");
  const told = await connect(s, desk, { args: ["--llm", "aider"] });
  expect((await told.call("bus_status")).text).toStartWith(`You are aider-${desk.pid}: aider`);
  await Promise.all([named, nobody, unknown, told].map((each) => each.close()));
});

test("while it runs it sends heartbeats; a session in a shared host has only its calls", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const codex = await s.startAgent("codex", { args: ["app-server"] });
  const own = await connect(s, claude, { args: ["--interval", "100ms"] });
  const hosted = await connect(s, codex, { args: ["--interval", "100ms"] });
  await own.call("bus_status");
  await hosted.call("bus_status", {}, codexTurn("thread-1"));
  const beats = async () => {
    const seen = sessions(await s.parley(["status", "--no-log", "--json"]));
    const of = (vendor: string) =>
      seen.find(({ session_id }) => session_id.startsWith(vendor))!.heartbeat_at;
    return { claude: of("claude"), codex: of("codex") };
  };
  const before = await beats();
  let now = before;
  for (let i = 0; i < 200 && now.claude === before.claude; i++) {
    await Bun.sleep(50);
    now = await beats();
  }
  expect(now.claude > before.claude).toBe(true);
  expect(now.codex).toBe(before.codex);
  await Promise.all([own.close(), hosted.close()]);
});
