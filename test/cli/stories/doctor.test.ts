/** Stories of `doctor` and its remedies. */
import { expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join as path } from "node:path";

import { Database } from "bun:sqlite";

import type { Finding } from "../../../src/bus/doctor";
import { binary, type Run, sandbox, type Sandbox } from "../../support";

/** Puts a stand-in for an agent's program on the PATH: a shell script. */
function install(s: Sandbox, name: string, script: string): void {
  writeFileSync(path(s.bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(path(s.bin, name), 0o755);
}

/** Answers as Codex's app-server does: notifications first, then what was asked for, as long as its stdin is open. */
const codex = `case $1 in
  --version) echo codex-cli 0.169.0;;
  app-server)
    read -r initialize; echo '{"id":1,"result":{}}'
    read -r initialized; echo '{"method":"configWarning","params":{}}'
    read -r list; cat "$HOME/answer"; cat >/dev/null;;
esac`;

function answer(s: Sandbox, trustStatus: string): void {
  const file = path(s.home, ".codex/hooks.json");
  const { hooks } = JSON.parse(readFileSync(file, "utf8"));
  const listed = Object.values(hooks as Record<string, [{ hooks: [{ command: string }] }]>).map(
    ([group]) => ({ command: group.hooks[0].command, enabled: true, trustStatus }),
  );
  const other = { command: "other", enabled: false, trustStatus: "untrusted" };
  const result = { data: [{ cwd: s.dir, hooks: [...listed, other] }] };
  writeFileSync(path(s.home, "answer"), `${JSON.stringify({ id: 2, result })}\n`);
}

const findings = (run: Run): Record<string, Finding> =>
  Object.fromEntries(
    (run.json().data.findings as Finding[]).map((finding) => [finding.check, finding]),
  );

const statuses = (run: Run): Record<string, string> =>
  Object.fromEntries(Object.entries(findings(run)).map(([check, { status }]) => [check, status]));

const doctor = (s: Sandbox, env: Record<string, string | undefined> = {}): Promise<Run> =>
  s.parley(["doctor", "--json"], { env });

test("on a machine without agents and without a database all is well, and nothing is made", async () => {
  await using s = sandbox();
  const run = await doctor(s);
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  expect(run.json().data.healthy).toBe(true);
  expect(statuses(run)).toEqual({
    version: "ok",
    database: "info",
    disk: "ok",
    preferences: "info",
    claude: "info",
    codex: "info",
    gemini: "info",
    kimi: "info",
    opencode: "info",
  });
  expect(readdirSync(s.home)).toEqual([]);
  expect((await s.parley(["doctor"])).stdout).toEndWith("\nAll is well.\n");
});

test("a complete setup whose hooks Codex trusts is well, and says when each agent was last seen", async () => {
  await using s = sandbox();
  install(s, "claude", "echo '2.1.329 (Claude Code)'");
  install(s, "codex", codex);
  await s.parley(["setup"]);
  answer(s, "trusted");
  const claude = await s.startAgent("claude");
  await claude.run(["parley", "register"]);
  const run = await doctor(s);
  expect(Object.values(statuses(run)).filter((each) => each !== "ok" && each !== "info")).toEqual(
    [],
  );
  expect(run.exitCode).toBe(0);
  const found = findings(run);
  expect(found["claude"]?.message).toBe("Claude Code 2.1.329");
  expect(found["codex.trust"]?.message).toBe("7 hooks trusted");
  expect(found["claude.seen"]?.message).toMatch(/^last sign of life of a session at \d{4}-/);
  expect(found["codex.seen"]?.message).toBe("no session of Codex has been seen yet");
  expect(found["database.integrity"]?.status).toBe("ok");
  expect(found["wake"]?.message).toContain("poll 250 ms");
});

test("preferences that cannot be read are a warning, and else doctor says what they are", async () => {
  await using s = sandbox();
  await s.parley(["off"]);
  await s.parley(["on"]);
  expect(findings(await doctor(s))["preferences"]).toMatchObject({
    status: "info",
    message: "edits of held files are refused; messages of priority 3 wake an idle session",
  });
  const file = path(s.home, ".local/share/parley/preferences.json");
  writeFileSync(file, '{"off":false,"edits":"none"}');
  const run = await doctor(s);
  expect(run.exitCode).toBe(1);
  expect(findings(run)["preferences"]).toEqual({
    check: "preferences",
    status: "warning",
    message: `${file}: edits is none of deny, warn, off, so defaults count`,
    remedy: "mend that file, or delete it",
  });
});

test("hooks that Codex does not trust are an error with the way to trust them", async () => {
  await using s = sandbox();
  install(s, "codex", codex);
  await s.parley(["setup"]);
  answer(s, "untrusted");
  const run = await doctor(s);
  expect(run.exitCode).toBe(1);
  expect(run.json()).toMatchObject({ ok: true, data: { healthy: false } });
  expect(findings(run)["codex.trust"]).toEqual({
    check: "codex.trust",
    status: "error",
    message: "7 of 7 hooks are not trusted, so Codex skips them",
    remedy: 'start codex and trust them where it says "Hooks need review"',
  });
  const { stdout } = await s.parley(["doctor"]);
  expect(stdout).toMatch(/^error {3}codex\.trust {4,}7 of 7 hooks/m);
  expect(stdout).toEndWith("\n1 finding to see to.\n");
  // Where the project is not trusted, Codex does not even list its hooks.
  writeFileSync(path(s.home, "answer"), '{"id":2,"result":{"data":[{"hooks":[]}]}}\n');
  expect(findings(await doctor(s))["codex.trust"]?.message).toBe("Codex does not load the hooks");
  writeFileSync(path(s.home, "answer"), '{"id":2,"error":{"code":-32601,"message":"no"}}\n');
  expect(findings(await doctor(s))["codex.trust"]?.status).toBe("warning");
});

test("OpenCode is ok once its plugin is there, and a plugin that another parley wrote is reported", async () => {
  await using s = sandbox();
  install(s, "opencode", "echo 1.18.33");
  expect(findings(await doctor(s))["opencode.hooks"]).toMatchObject({
    status: "warning",
    remedy: "run parley setup opencode",
  });
  await s.parley(["setup"]);
  const run = await doctor(s);
  expect(statuses(run)).toMatchObject({
    opencode: "ok",
    "opencode.hooks": "ok",
    "opencode.mcp": "ok",
    "opencode.commands": "ok",
  });
  expect(run.exitCode).toBe(0);
  const plugin = path(s.home, ".config/opencode/plugin/parley.js");
  const text = readFileSync(plugin, "utf8");
  writeFileSync(plugin, text.replace("const patience", "let patience"));
  expect(findings(await doctor(s))["opencode.hooks"]).toMatchObject({ status: "warning" });
  writeFileSync(plugin, text.replace(/const program = .*/, 'const program = "/gone/parley";'));
  expect(findings(await doctor(s))["opencode.hooks"]).toMatchObject({
    status: "error",
    message: "/gone/parley is not there any more",
  });
  await s.parley(["setup"]);
  expect(readFileSync(plugin, "utf8")).toBe(text);
});

test("an agent's program that never answers does not keep doctor waiting, nor is it left behind", async () => {
  await using s = sandbox();
  // Its child holds the pipe, so that the end of the program alone would not end the reading.
  install(s, "claude", 'sleep 1000 & echo $! > "$HOME/pid"; sleep 1000');
  const run = await doctor(s);
  expect(findings(run)["claude"]).toMatchObject({ status: "warning" });
  const pid = Number(readFileSync(path(s.home, "pid"), "utf8"));
  expect(await stateOf(pid)).toBe("");
});

/** Empty where the process has ended, even if its parent has not collected it yet. */
async function stateOf(pid: number): Promise<string> {
  const { stdout } = Bun.spawn(["ps", "-o", "stat=", "-p", String(pid)], { stdout: "pipe" });
  return (await stdout.text()).trim().replace(/^Z.*/, "");
}

test("an installed agent that was not set up, or only half, gets its remedy", async () => {
  await using s = sandbox();
  install(s, "claude", "echo 2.1.329");
  expect(findings(await doctor(s))["claude.hooks"]).toMatchObject({
    status: "warning",
    remedy: "run parley setup claude",
  });
  await s.parley(["setup"]);
  const settings = path(s.home, ".claude/settings.json");
  const { hooks } = JSON.parse(readFileSync(settings, "utf8"));
  delete hooks.Stop;
  writeFileSync(settings, JSON.stringify({ hooks }));
  rmSync(path(s.home, ".claude/commands/cxq.md"));
  writeFileSync(path(s.home, ".claude.json"), "{}");
  expect(statuses(await doctor(s))).toMatchObject({
    "claude.hooks": "warning",
    "claude.mcp": "warning",
    "claude.commands": "warning",
  });
  await s.parley(["setup"]);
  expect((await doctor(s)).exitCode).toBe(0);
  const whole = readFileSync(settings, "utf8");
  writeFileSync(settings, whole.replace('"Edit|Write|', '"Write|'));
  expect(findings(await doctor(s))["claude.hooks"]?.message).toEndWith(
    "lacks those for PreToolUse",
  );
  writeFileSync(settings, whole);
  const project = path(s.dir, ".claude/settings.json");
  mkdirSync(path(s.dir, ".claude"), { recursive: true });
  writeFileSync(project, '{"disableAllHooks": true}');
  expect(findings(await doctor(s))["claude.hooks"]).toMatchObject({
    status: "error",
    remedy: "take disableAllHooks out of that file",
  });
  rmSync(project);
  await s.parley(["setup", "--project"]);
  expect(findings(await doctor(s))["claude.hooks"]?.message).toEndWith("every event is told twice");
  writeFileSync(settings, "{ broken");
  expect(findings(await doctor(s))["claude.config"]).toMatchObject({ status: "error" });
});

test("hooks that run another parley, or one that is gone, are reported", async () => {
  await using s = sandbox();
  install(s, "claude", "echo 2.1.329");
  await s.parley(["setup"]);
  const settings = path(s.home, ".claude/settings.json");
  const text = readFileSync(settings, "utf8");
  const own = realpathSync(binary);
  install(s, "parley-old", "exit 0");
  const old = path(s.bin, "parley-old");
  writeFileSync(settings, text.replaceAll(own, old));
  expect(findings(await doctor(s))["claude.hooks"]).toMatchObject({
    status: "warning",
    message: `it runs ${old}, and this is ${own}`,
  });
  rmSync(old);
  expect(findings(await doctor(s))["claude.hooks"]).toMatchObject({
    status: "error",
    message: `${old} is not there any more`,
    remedy: "run parley setup claude",
  });
});

test("a damaged, foreign or exposed database is reported and left unchanged", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  await claude.run(["parley", "register"]);
  chmodSync(s.db, 0o644);
  const exposed = await doctor(s);
  expect(findings(exposed)["database.permissions"]).toMatchObject({
    status: "warning",
    remedy: `run chmod go-rwx '${s.db}'`,
  });
  expect(exposed.exitCode).toBe(1);

  const broken = path(s.dir, "broken.db");
  const whole = new Database(s.db);
  whole.run("vacuum into ?", [broken]);
  whole.close();
  truncateSync(broken, 40_960);
  const bytes = readFileSync(broken);
  const damaged = await doctor(s, { PARLEY_DB: broken });
  expect(damaged.exitCode).toBe(1);
  const errors = Object.values(findings(damaged)).filter(({ status }) => status === "error");
  expect(errors).toHaveLength(1);
  expect(errors[0]?.message).toContain("damaged");
  expect(errors[0]?.remedy).toContain("move");
  expect(readFileSync(broken)).toEqual(bytes);

  const notes = path(s.dir, "notes.txt");
  writeFileSync(notes, "dear diary\n".repeat(100));
  for (const PARLEY_DB of [notes, s.dir]) {
    const foreign = await doctor(s, { PARLEY_DB });
    expect(findings(foreign)["database"]?.message).toBe(`${PARLEY_DB} is not a parley database`);
    expect(foreign.exitCode).toBe(1);
  }
});

/** Whether a mount namespace can be made. */
const canMount =
  process.platform === "linux" &&
  Bun.which("unshare") !== null &&
  Bun.spawnSync(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).exitCode === 0;

test.skipIf(!canMount)("a database on a read-only medium is reported as such", async () => {
  await using s = sandbox();
  const claude = await s.startAgent("claude");
  await claude.run(["parley", "register"]);
  const data = path(s.home, ".local/share/parley");
  const script = `mount --bind '${data}' '${data}' && mount -o remount,bind,ro '${data}' && parley doctor --json`;
  const run = await claude.run(["unshare", "-rm", "sh", "-c", script]);
  expect(run.exitCode).toBe(1);
  expect(findings(run)["database.writable"]).toMatchObject({ status: "error" });
  expect(findings(run)["database.integrity"]).toMatchObject({ status: "ok" });
});

test.skipIf(!canMount)(
  "a database that can never be made, as in a read-only home, is no health",
  async () => {
    await using s = sandbox();
    const claude = await s.startAgent("claude");
    const script = `mount --bind '${s.home}' '${s.home}' && mount -o remount,bind,ro '${s.home}' && parley doctor --json`;
    const run = await claude.run(["unshare", "-rm", "sh", "-c", script]);
    expect(run.exitCode).toBe(1);
    expect(statuses(run)).toMatchObject({ database: "info", "database.writable": "error" });
  },
);

test("without a home doctor says so, and checks the rest", async () => {
  await using s = sandbox();
  const missing = { HOME: undefined, XDG_DATA_HOME: path(s.dir, "data") };
  const run = await doctor(s, missing);
  expect([run.stderr, statuses(run)["database"]]).toEqual(["", "info"]);
  const seen = await doctor(s, { HOME: path(s.dir, "nobody") });
  expect(seen.exitCode).toBe(0);
  mkdirSync(path(s.dir, "data"));
  expect(readdirSync(path(s.dir, "data"))).toEqual([]);
});

test("what switches hooks off in Gemini and Kimi is found, and scripts in packages tell their version by those", async () => {
  await using s = sandbox();
  for (const [name, title] of [
    ["gemini", "@google/gemini-cli"],
    ["kimi", "@moonshot-ai/kimi-code"],
  ] as const) {
    const place = path(s.dir, "node_modules", title);
    mkdirSync(path(place, "dist"), { recursive: true });
    writeFileSync(path(place, "package.json"), JSON.stringify({ name: title, version: "7.8.9" }));
    writeFileSync(path(place, "dist/main.js"), "#!/bin/sh\nsleep 1000\n", { mode: 0o755 });
    symlinkSync(path(place, "dist/main.js"), path(s.bin, name));
  }
  await s.parley(["setup"]);
  const well = await doctor(s);
  expect(findings(well)).toMatchObject({
    gemini: { message: "Gemini CLI 7.8.9" },
    kimi: { message: "Kimi Code 7.8.9" },
    "gemini.trust": { status: "ok" },
    "gemini.mcp": { status: "ok" },
    "kimi.trust": { status: "ok", message: "9 hooks in a form that Kimi takes" },
  });
  expect(well.exitCode).toBe(0);

  const settings = path(s.home, ".gemini/settings.json");
  const before = JSON.parse(readFileSync(settings, "utf8"));
  const config = path(s.home, ".kimi-code/config.toml");
  appendFileSync(
    config,
    '\n[[hooks]]\nevent = "Begin"\ncommand = "x"\ntimeout = 0\nasync = true\n',
  );
  for (const hooksConfig of [
    { enabled: false },
    { disabled: [before.hooks.SessionStart[0].hooks[0].command] },
  ]) {
    writeFileSync(settings, JSON.stringify({ ...before, hooksConfig }));
    const found = findings(await doctor(s));
    expect(found["gemini.trust"]).toMatchObject({
      status: "error",
      message: expect.stringContaining("switched off"),
    });
    expect(found["kimi.trust"]?.message).toContain(
      'the key "async" of hook 10, the event "Begin" of hook 10, the timeout 0 of hook 10',
    );
  }
});
