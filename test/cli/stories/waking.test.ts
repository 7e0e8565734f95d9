/** Stories of waking idle sessions, and of message loops, with stand-ins for the vendors' programs. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { join as pathOf } from "node:path";

import { sandbox, type Sandbox } from "../../support";
import { type HookedAgent, hookedAgent, startSession, type TestSession } from "./agents";

let box: Sandbox;
const servers: Server[] = [];
beforeEach(() => {
  box = sandbox();
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await box.cleanup();
});

type More = Record<string, unknown>;

/** The events of a turn, where they are not named as Claude's are. */
const names: Record<string, [start: string, prompt: string, stop: string]> = {
  opencode: ["session.start", "chat.message", "session.idle"],
};

/** An agent whose hooks have reported the end of its first turn. */
async function idle(vendor: string, more: More = {}): Promise<HookedAgent> {
  const agent = await box.startAgent(vendor);
  const own = hookedAgent(vendor, crypto.randomUUID(), agent, box.dir);
  const hook: HookedAgent["hook"] = (event, extra) => own.hook(event, { ...more, ...extra });
  const [start, prompt, stop] = names[vendor] ?? ["SessionStart", "UserPromptSubmit", "Stop"];
  await hook(start);
  await hook(prompt, { prompt: "good morning" });
  await hook(stop);
  return { ...own, hook };
}

const claudeHome = (): string => pathOf(box.home, ".claude");

/** A socket where Claude Code's would be, and the session file that names it. */
async function listen({ agent, uuid }: HookedAgent, more: More = {}): Promise<{ lines(): string }> {
  const socket = pathOf(box.home, `${agent.pid}.sock`);
  let text = "";
  const server = createServer((connection) => {
    connection.on("data", (data) => (text += data));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  mkdirSync(pathOf(claudeHome(), "sessions"), { recursive: true });
  const file = { pid: agent.pid, sessionId: uuid, messagingSocketPath: socket, status: "idle" };
  writeFileSync(
    pathOf(claudeHome(), "sessions", `${agent.pid}.json`),
    JSON.stringify({ ...file, ...more }),
  );
  return { lines: () => text };
}

/** A `codex` on the PATH that writes down what it is called with. */
function codexProgram(script = ""): () => string {
  const path = pathOf(box.bin, "codex");
  const log = pathOf(box.home, "codex.log");
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$CODEX_HOME" "$@" >>"${log}"\n${script}\n`);
  chmodSync(path, 0o755);
  return () => (existsSync(log) ? readFileSync(log, "utf8") : "");
}

const critical = ["--priority", "3"];
async function send(from: TestSession, to: HookedAgent, ...more: string[]) {
  const run = await from.parley("message", to.id, "the build is red", ...more, "--json");
  expect(run.exitCode).toBe(0);
  const { outlooks } = run.json().data;
  expect(outlooks).toHaveLength(1);
  return outlooks[0];
}

async function evidence(of: TestSession) {
  const { messages } = (await of.parley("message", "--sent", "--status", "--json")).json().data;
  return messages[0].wake;
}

async function reachability(of: HookedAgent) {
  const { sessions } = (await box.parley(["status", "--no-log", "--json"])).json().data;
  return sessions.find((each: { session_id: string }) => each.session_id === of.id).reachability;
}

const wakePrompt = (from: TestSession): string =>
  `parley: a message from ${from.id} waits; it is shown beside this line, or with parley inbox`;

test("a critical message writes one line to the socket of an idle Claude", async () => {
  const claude = await idle("claude");
  const socket = await listen(claude);
  const codex = await startSession(box, "codex");
  expect(await reachability(claude)).toEqual({
    now: "wake",
    by: "claude socket",
    last_worked_at: null,
  });
  expect(await send(codex, claude, ...critical)).toMatchObject({
    ...{ expect: "woken", says: "was woken", unwoken: null },
    wake: { way: "claude socket", outcome: "accepted", reason: null },
  });
  expect(await evidence(codex)).toMatchObject({ way: "claude socket", outcome: "accepted" });
  expect(JSON.parse(await heard(socket))).toEqual({
    type: "user",
    message: { role: "user", content: wakePrompt(codex) },
  });
  // Claude begins a turn with it, and only now is the message delivered.
  const output = await claude.hook("UserPromptSubmit", {
    prompt: `From outside:\n${wakePrompt(codex)}`,
  });
  expect(output.stdout).toContain("the build is red");
  await claude.hook("Stop");
  expect((await reachability(claude)).last_worked_at).toBeString();
});

/** The received text once it is a whole line, which may arrive after the command that wrote it has ended. */
async function heard(socket: { lines(): string }): Promise<string> {
  while (!socket.lines().endsWith("\n")) await Bun.sleep(5);
  return socket.lines();
}

test("an idle Codex is queued a line without a shell, in its own home", async () => {
  const log = codexProgram();
  const codex = await idle("codex");
  const claude = await startSession(box, "claude");
  expect(await send(claude, codex, ...critical)).toMatchObject({
    expect: "woken",
    wake: { way: "codex queue", outcome: "accepted" },
  });
  expect(log().split("\n")).toEqual([
    pathOf(box.home, ".codex"),
    "queue",
    `--thread=${codex.uuid}`,
    `--message=${wakePrompt(claude)}`,
    "",
  ]);
});

/** A socket where the plugin of OpenCode would listen, with its answer to a line; null: none. */
async function plugin(answer: string | null): Promise<{ directory: string; lines(): string }> {
  const directory = pathOf(box.home, `plugin-${servers.length}`);
  mkdirSync(directory);
  let text = "";
  const server = createServer((connection) => {
    connection.on("data", (data) => {
      text += data;
      if (text.endsWith("\n") && answer !== null) connection.end(answer);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(pathOf(directory, "wake.sock"), resolve));
  return { directory, lines: () => text };
}

test("OpenCode's plugin is handed a line for the session, and says whether OpenCode took it", async () => {
  const socket = await plugin("{}\n");
  const opencode = await idle("opencode", { agent_home: socket.directory });
  const claude = await startSession(box, "claude");
  expect(await reachability(opencode)).toMatchObject({ now: "wake", by: "opencode plugin" });
  expect(await send(claude, opencode, ...critical)).toMatchObject({
    expect: "woken",
    wake: { way: "opencode plugin", outcome: "accepted" },
  });
  expect(JSON.parse(socket.lines())).toEqual({
    session_id: opencode.uuid,
    text: wakePrompt(claude),
  });
  const output = await opencode.hook("chat.message", { prompt: wakePrompt(claude) });
  expect(output.json().context).toContain("the build is red");
  await opencode.hook("session.idle");
  expect((await reachability(opencode)).last_worked_at).toBeString();
});

test("what OpenCode's plugin refuses, leaves unanswered or answers with nonsense is evidence", async () => {
  const claude = await startSession(box, "claude");
  for (const [answer, reason] of [
    ['{"error":"OpenCode took no prompt"}\n', "OpenCode took no prompt"],
    ["", "its plugin gave no answer"],
    ["nonsense", expect.any(String)],
    ["5\n", "its plugin gave no answer"],
    ["x".repeat(100_000), "its answer is too long"],
    [null, expect.stringContaining("no answer within")],
  ] as const) {
    const socket = await plugin(answer);
    const opencode = await idle("opencode", { agent_home: socket.directory });
    expect(await send(claude, opencode, ...critical)).toMatchObject({
      expect: "prompt",
      wake: { way: "opencode plugin", outcome: "failed", reason },
    });
  }
  const gone = await idle("opencode", { agent_home: pathOf(box.home, "nowhere") });
  expect((await reachability(gone)).now).toBe("prompt");
  expect(await send(claude, gone, ...critical)).toMatchObject({ unwoken: "no way", wake: null });
});

test("a link in the place of OpenCode's socket is not followed, whoever owns its target", async () => {
  const other = await plugin("{}\n");
  const directory = pathOf(box.home, "linked");
  mkdirSync(directory);
  symlinkSync(pathOf(other.directory, "wake.sock"), pathOf(directory, "wake.sock"));
  const opencode = await idle("opencode", { agent_home: directory });
  const claude = await startSession(box, "claude");
  expect(await send(claude, opencode, ...critical)).toMatchObject({
    unwoken: "no way",
    wake: null,
  });
  expect(other.lines()).toBe("");
});

test("a failed wake is recorded, and delays the message by at most two seconds", async () => {
  codexProgram('echo "no such thread" >&2; exit 1');
  const codex = await idle("codex");
  const claude = await startSession(box, "claude");
  expect(await send(claude, codex, ...critical)).toMatchObject({
    expect: "prompt",
    wake: { outcome: "failed", reason: "no such thread" },
  });
  codexProgram("sleep 60 & wait");
  expect(await send(claude, codex, ...critical)).toMatchObject({
    wake: { outcome: "failed", reason: expect.stringContaining("no answer within") },
  });
  const text = await claude.parley("message", "--sent", "--status");
  expect(text.stdout).toContain("by codex queue: failed, no such thread");
});

test("the decision of Claude's user holds: asking, refusing, accepting", async () => {
  const claude = await idle("claude", { permission_mode: "bypassPermissions" });
  const socket = await listen(claude);
  const codex = await startSession(box, "codex");
  expect((await reachability(claude)).now).toBe("prompt");
  expect(await send(codex, claude, ...critical)).toMatchObject({
    expect: "prompt",
    says: "will see it at its next prompt (waking it waits for its user's consent)",
    wake: { outcome: "held" },
  });
  expect(await evidence(codex)).toMatchObject({ outcome: "held" });
  expect(await heard(socket)).toContain(wakePrompt(codex));

  const settings = pathOf(claudeHome(), "settings.json");
  await claude.hook("UserPromptSubmit", { prompt: "go on" });
  await claude.hook("Stop");
  writeFileSync(settings, '{"crossSessionInbound":"refuse"}');
  expect(await send(codex, claude, ...critical)).toMatchObject({
    expect: "prompt",
    unwoken: "no way",
  });
  writeFileSync(settings, '{"crossSessionInbound":"accept"}');
  expect(await send(codex, claude, ...critical)).toMatchObject({ expect: "woken" });
});

test("the project's settings hold where they are stricter than the user's", async () => {
  const claude = await idle("claude");
  const socket = await listen(claude, { cwd: box.dir });
  const codex = await startSession(box, "codex");
  const write = (path: string, value: string): void => {
    mkdirSync(pathOf(path, ".."), { recursive: true });
    writeFileSync(path, JSON.stringify({ crossSessionInbound: value }));
  };
  const [user, project, local] = [
    pathOf(claudeHome(), "settings.json"),
    pathOf(box.dir, ".claude/settings.json"),
    pathOf(box.dir, ".claude/settings.local.json"),
  ];
  for (const [path, value, now] of [
    [project, "accept", "wake"],
    [project, "hold", "prompt"],
    [user, "accept", "prompt"],
    [project, "accept", "wake"],
    [local, "refuse", "prompt"],
    [local, "accept", "wake"],
    [user, "nonsense", "prompt"],
  ] as const) {
    write(path, value);
    expect([value, (await reachability(claude)).now]).toEqual([value, now]);
  }
  expect(await send(codex, claude, ...critical)).toMatchObject({ wake: { outcome: "held" } });
  write(local, "refuse");
  expect(await send(codex, claude, ...critical)).toMatchObject({ unwoken: "no way" });
  expect((await heard(socket)).split("\n")).toHaveLength(2);
});

test("a socket that a stale file of another process or conversation names is left alone", async () => {
  const claude = await idle("claude");
  const codex = await startSession(box, "codex");
  for (const other of [
    { sessionId: "another" },
    { pid: 1 },
    { procStart: "1" },
    { messagingSocketPath: pathOf(box.home, "missing.sock") },
    { messagingSocketPath: box.db },
  ]) {
    const socket = await listen(claude, other);
    expect(await send(codex, claude, ...critical)).toMatchObject({ expect: "prompt", wake: null });
    expect(socket.lines()).toBe("");
    await new Promise((resolve) => servers.pop()!.close(resolve));
  }
});

test("only messages that the user's policy admits wake a session, and only while it is idle", async () => {
  const claude = await idle("claude");
  const socket = await listen(claude);
  const codex = await startSession(box, "codex");
  expect(await send(codex, claude)).toMatchObject({ expect: "prompt", unwoken: null });
  expect(await send(codex, claude, "--wake")).toMatchObject({
    expect: "prompt",
    unwoken: "policy",
  });
  await box.parley(["setup", "claude", "--wake", "never"]);
  expect(await send(codex, claude, ...critical)).toMatchObject({ unwoken: "policy" });
  expect((await reachability(claude)).now).toBe("prompt");
  await box.parley(["setup", "claude", "--wake", "all"]);
  await box.parley(["off"]);
  expect(await send(codex, claude, "--wake")).toMatchObject({ unwoken: "policy" });
  await box.parley(["on"]);
  await claude.hook("UserPromptSubmit", { prompt: "go on" });
  expect(await send(codex, claude, ...critical)).toMatchObject({
    expect: "turn",
    unwoken: "working",
  });
  expect(await send(codex, claude, "--priority", "1")).toMatchObject({ expect: "prompt" });
  expect(socket.lines()).toBe("");
  await claude.hook("Stop");
  await claude.hook("Stop", { stop_hook_active: true });
  expect(await send(codex, claude, "--wake", "--priority", "0")).toMatchObject({ expect: "woken" });
  expect(await heard(socket)).toContain(wakePrompt(codex));
});

test("of many messages the first wakes the session, and the others are delivered with it", async () => {
  const claude = await idle("claude");
  const socket = await listen(claude);
  const codex = await startSession(box, "codex");
  for (const again of [false, true, true]) {
    const forecast = await send(codex, claude, ...critical);
    expect(forecast).toMatchObject({
      expect: "woken",
      wake: again ? null : { outcome: "accepted" },
    });
  }
  expect((await heard(socket)).split("\n")).toHaveLength(2);
});

test("a sender learns when a session without hooks, a future session and the operator will see its message", async () => {
  const claude = await startSession(box, "claude");
  const codex = await startSession(box, "codex");
  const forecast = async (to: string) => {
    const run = await claude.parley("message", to, "hello", ...critical, "--json");
    return run.json().data.outlooks[0];
  };
  expect(await forecast(codex.id)).toMatchObject({
    expect: "command",
    reachability: { now: "none" },
  });
  expect(await forecast("codex-1")).toMatchObject({ expect: "registration", reachability: null });
  expect(await forecast("operator")).toMatchObject({ expect: "operator" });
});

test("two that only answer each other raise an alert, and do not keep each other going until a human speaks", async () => {
  const env = { PARLEY_LOOP_LIMIT: "3/1h" };
  const claude = await idle("claude");
  const socket = await listen(claude);
  const codex = await idle("codex");
  const say = (from: HookedAgent, to: HookedAgent) =>
    from.agent.run(["parley", "message", to.id, "and you?", ...critical, "--json"], { env });
  await claude.hook("UserPromptSubmit", { prompt: "talk to codex" });
  for (let i = 0; i < 2; i++) {
    await say(claude, codex);
    await say(codex, claude);
  }
  const { alerts } = (await box.parley(["status", "--alerts", "--json"])).json().data;
  expect(
    alerts.filter((each: { message_type: string }) => each.message_type === "message_loop"),
  ).toMatchObject([{ priority: 3, payload: { sessions: [claude.id, codex.id] } }]);
  // During the turn the message is still injected; at the end nothing continues the turn.
  const stopped = await claude.hook("Stop");
  expect(stopped.stdout).toBe("");
  const last = (await say(codex, claude)).json().data.outlooks[0];
  expect(last).toMatchObject({ expect: "prompt", unwoken: "loop" });
  expect(socket.lines()).toBe("");
  const output = await claude.hook("UserPromptSubmit", { prompt: "what did it say?" });
  expect(output.stdout.split("and you?").length - 1).toBe(3);
  await claude.hook("Stop", { stop_hook_active: true });
  expect((await say(codex, claude)).json().data.outlooks[0]).toMatchObject({ expect: "woken" });
});
