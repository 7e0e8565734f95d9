/** The life of the MCP server: its end, bad input, lost databases. */
import { expect, test } from "bun:test";
import { renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join as path } from "node:path";

import { Database } from "bun:sqlite";

import { sandbox } from "../support";
import { connect, pipes } from "./client";

const request = (id: number, method: string, params: object = {}) =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;
const call = (id: number, name: string, args: object = {}) =>
  request(id, "tools/call", { name, arguments: args });

test("the end of its input ends it with success, after what came before is answered", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const input = call(1, "bus_lock", { paths: ["a"] }) + call(2, "bus_status");
  const run = await claude.run(["parley", "mcp"], { input });
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  const ids = run.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).id);
  expect(ids.toSorted()).toEqual([1, 2]);
  expect(await claude.run(["parley", "mcp"])).toMatchObject({
    exitCode: 0,
    stdout: "",
    stderr: "",
  });
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends it with success", async (signal) => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const { input, output } = pipes(s);
  const run = claude.run([
    "sh",
    "-c",
    `parley mcp <${input} >${output} & server=$!
     exec 3>${input}
     printf '%s' '${request(1, "ping")}' >&3
     head -n 1 ${output}
     kill -${signal.slice(3)} $server
     wait $server`,
  ]);
  expect(await run).toMatchObject({
    exitCode: 0,
    stdout: '{"result":{},"jsonrpc":"2.0","id":1}\n',
  });
});

test("a signal ends it even while its input never runs dry", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const { output } = pipes(s);
  const endless = path(s.dir, "endless");
  writeFileSync(endless, request(1, "ping"));
  truncateSync(endless, 2 ** 40);
  const run = claude.run([
    "sh",
    "-c",
    `parley mcp <${endless} >${output} & server=$!
     head -n 1 ${output}
     kill -TERM $server
     wait $server`,
  ]);
  expect(await run).toMatchObject({ exitCode: 0 });
});

test("garbage is reported on standard error, and what follows is answered", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const garbage = [
    "hello",
    '{"jsonrpc":"2.0"}',
    "[]",
    "\u0000\u001b[2J",
    "x".repeat(3 * 1024 * 1024),
    '{"jsonrpc":"1.0","id":5,"method":"ping"}',
  ];
  const input = `${garbage.join("\n")}\n${request(7, "ping")}`;
  const run = await claude.run(["parley", "mcp"], { input });
  expect(run).toMatchObject({ exitCode: 0, stdout: '{"result":{},"jsonrpc":"2.0","id":7}\n' });
  expect(run.stderr.split("\n").length).toBeGreaterThan(garbage.length - 1);
  expect(run.stderr.length).toBeLessThan(5000);
  expect(run.stderr).not.toContain("\u001b");
});

test("a call that is too long is answered with an error where it names its id, and the next as ever", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const text = `{"id":99} ${"x".repeat(2 * 1024 * 1024)}`;
  const params = JSON.stringify({ name: "bus_send", arguments: { to: "operator", text } });
  const calls = [
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`,
    `{"method":"tools/call","params":${params},"jsonrpc":"2.0","id":"two"}`,
    `{"method":"tools/call","id":3,"params":${params},"jsonrpc":"2.0"}`,
  ];
  const input = `${calls.join("\n")}\n${request(4, "ping")}`;
  const run = await claude.run(["parley", "mcp"], { input });
  const answers = run.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(answers).toEqual([
    ...[1, "two"].map((id) => ({
      jsonrpc: "2.0",
      id,
      error: { code: -32600, message: "a line of more than 1048576 bytes is not read" },
    })),
    { jsonrpc: "2.0", id: 4, result: {} },
  ]);
  expect(run.stderr.split("is not read").length - 1).toBe(3);
});

test("it ends once its answers are no longer read, and nothing was delivered", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  await claude.run(["parley", "register"]);
  await s.parley(["message", `claude-${claude.pid}`, "hello", "--as", "operator"]);
  const { input, output } = pipes(s);
  const run = await claude.run([
    "sh",
    "-c",
    `parley mcp <${input} >${output} & server=$!
     exec 3>${input}
     printf '%s' '${request(1, "ping")}' >&3
     head -n 1 ${output}
     printf '%s' '${call(2, "bus_inbox")}' >&3
     wait $server
     echo "exit $?"`,
  ]);
  expect(run.stdout).toBe('{"result":{},"jsonrpc":"2.0","id":1}\nexit 0\n');
  const sent = await s.parley(["message", "--sent", "--as", "operator", "--json"]);
  expect(sent.json().data.totals).toEqual({ pending: 1, delivered: 0, read: 0 });
});

test("the operator has no tools", async () => {
  await using s = sandbox();
  const run = await s.parley(["mcp", "--as", "operator", "--json"]);
  expect(run).toMatchObject({ exitCode: 64 });
});

test("a deleted or replaced database is reported once, then the session goes on in the new one", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  const server = await connect(s, claude);
  await server.call("bus_lock", { paths: ["a"] });
  rmSync(dirname(s.db), { recursive: true });
  const deleted = await server.call("bus_status");
  expect(deleted).toMatchObject({ isError: true, data: { error: { code: "not_found" } } });
  expect(deleted.text).toContain("was deleted since the last call");
  const anew = await server.call("bus_status");
  expect(anew.text).toStartWith(`You are claude-${claude.pid}`);
  expect(anew.text).not.toContain("locks");

  const other = path(s.dir, "other.db");
  await claude.run(["parley", "register", "--db", other]);
  for (const side of ["", "-wal", "-shm"]) rmSync(`${s.db}${side}`, { force: true });
  renameSync(other, s.db);
  renameSync(`${other}-wal`, `${s.db}-wal`);
  expect((await server.call("bus_status")).text).toContain("was replaced since the last call");
  expect((await server.call("bus_status")).isError).toBe(false);
  await server.close();
});

test("a database that a newer parley has migrated is an error, not the end", async () => {
  await using s = sandbox();
  const server = await connect(s, await s.startAgent("claude"));
  await server.call("bus_status");
  const database = new Database(s.db);
  database.run("insert into _schema_version(version, applied_at) values (99, '2030-01-01')");
  const newer = await server.call("bus_status");
  expect(newer).toMatchObject({ isError: true, data: { error: { code: "invalid" } } });
  expect(newer.text).toContain("schema 99");
  database.run("delete from _schema_version where version = 99");
  database.close();
  expect((await server.call("bus_status")).isError).toBe(false);
  expect(await server.close()).toMatchObject({ exitCode: 0, stderr: "" });
});
