/** Which vendor, model and conversation the calling agent has. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { agents } from "../../src/agents/agents";
import type { AgentRequest } from "../../src/bus/identity";
import { createIdentity } from "../../src/identity/identity";
import {
  conversationId,
  conversations,
  vendorFromEnvironment,
  findModel,
  shortLabel,
} from "../../src/identity/agent-environment";

const home = realpathSync(mkdtempSync(join(tmpdir(), "parley-agent-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const identity = (env: Record<string, string> = {}, session?: string) =>
  createIdentity({
    agents,
    env: { HOME: home, ...env },
    dataDirectory: "/nonexistent",
    cwd: home,
    session: session ?? null,
  });
const agent = (request: AgentRequest, env: Record<string, string> = {}) =>
  identity(env).agent(request);

describe("the vendor", () => {
  test("is what --llm says", () => {
    const env = { CODEX_THREAD_ID: "c", CLAUDE_CODE_SESSION_ID: "a" };
    expect(agent({ vendor: "my_agent2" }, env)).toMatchObject({
      vendor: "my_agent2",
      vendor_source: "--llm",
      conversation_id: null,
    });
    expect(agent({ vendor: "claude" }, env).conversation_id).toBe("a");
  });

  test.each(["", "Claude", "2x", "a-b", "a b"])("cannot be %j", (vendor) => {
    expect(() => agent({ vendor })).toThrow(
      expect.objectContaining({ code: "invalid", hint: expect.any(String) }),
    );
  });

  test.each([
    ["CLAUDECODE", "claude"],
    ["CODEX_THREAD_ID", "codex"],
    ["CODEX_SESSION_ID", "codex"],
    ["CODEX_SANDBOX_NETWORK_DISABLED", "codex"],
    ["CODEX_CI", "codex"],
    ["GEMINI_CLI", "gemini"],
    ["GEMINI_SESSION_ID", "gemini"],
    ["OPENCODE", "opencode"],
  ])("is known by %s: %s", (variable, vendor) => {
    expect(vendorFromEnvironment(agents, { [variable]: "1" })).toEqual({ vendor, variable });
    expect(vendorFromEnvironment(agents, { [variable]: "" })).toBeNull();
  });

  test("is not known by variables that vendors set for each other", () => {
    expect(vendorFromEnvironment(agents, { CLAUDE_PROJECT_DIR: "/p", AGENT: "1" })).toBeNull();
  });
});

test("the conversation is that of the vendor", () => {
  const env = {
    CLAUDE_CODE_SESSION_ID: "a",
    CODEX_SESSION_ID: "b",
    CODEX_THREAD_ID: "b",
    GEMINI_SESSION_ID: "g",
  };
  expect(conversationId(agents, env, "claude")).toBe("a");
  expect(conversationId(agents, env, "codex")).toBe("b");
  expect(conversationId(agents, env, "gemini")).toBe("g");
  expect(conversationId(agents, env, "kimi")).toBeNull();
  expect(conversationId(agents, env, null)).toBeNull();
  expect(conversations(agents, env).map(({ id }) => id)).toEqual(["b", "b", "g", "a"]);
});

test("a pid must be a positive integer", () => {
  for (const pid of [0, -3, 1.5, Number.NaN]) {
    expect(() => agent({ pid })).toThrow(expect.objectContaining({ code: "invalid" }));
  }
});

test("the working directory is a real path", () => {
  mkdirSync(join(home, "real"));
  symlinkSync(join(home, "real"), join(home, "link"));
  expect(agent({ cwd: "link" }).cwd).toBe(join(home, "real"));
  expect(agent({ cwd: join(home, "missing") }).cwd).toBe(join(home, "missing"));
});

test("the session is named by the caller, else by PARLEY_SESSION", () => {
  expect(identity({ PARLEY_SESSION: "b" }, "a").callerEvidence().session).toBe("a");
  expect(identity({ PARLEY_SESSION: "b" }).callerEvidence().session).toBe("b");
  expect(identity({ PARLEY_SESSION: "" }).callerEvidence().session).toBeNull();
});

test("evidence can be copied and written as JSON", () => {
  const { evidence } = agent({ pid: process.pid });
  expect(JSON.parse(JSON.stringify(evidence))).toEqual({ ...evidence });
  expect(Object.keys({ ...evidence }).toSorted()).toEqual([
    "boot_id",
    "host_id",
    "pid",
    "pid_namespace",
    "start_ticks",
  ]);
});

describe("the model", () => {
  const write = (file: string, content: string) => {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    writeFileSync(join(home, file), content);
  };
  const env = { HOME: home };

  test("is what --model says, as it is", () => {
    expect(agent({ vendor: "claude", model: "claude-opus-4-6" }).model).toBe("claude-opus-4-6");
  });

  test("is on the agent's command line, else in its variable, else in its configuration", () => {
    write(".claude/settings.json", '{"model":"claude-sonnet-4-5"}');
    expect(findModel(agents, "claude", [], env)).toBe("sonnet-4.5");
    expect(findModel(agents, "claude", [], { ...env, ANTHROPIC_MODEL: "claude-opus-4-6" })).toBe(
      "opus-4.6",
    );
    expect(findModel(agents, "claude", ["--model=haiku"], { ...env, ANTHROPIC_MODEL: "x" })).toBe(
      "haiku",
    );
    expect(findModel(agents, "gemini", ["-m", "gemini-2.5-pro"], env)).toBe("2.5-pro");
    expect(findModel(agents, "aider", ["-m", "a message", "--model", "o3"], env)).toBe("o3");
    expect(findModel(agents, "claude", ["--", "--model", "x"], env)).toBe("sonnet-4.5");
  });

  test("is read from each vendor's own file", () => {
    write(".codex/config.toml", 'model = "gpt-5.5"\n[profiles.x]\nmodel = "o3"\n');
    write(".gemini/settings.json", '{"model":{"name":"gemini-3-pro"}}');
    write(".kimi-code/config.toml", 'default_model = "kimi-k2.5"\n');
    expect(findModel(agents, "codex", [], env)).toBe("gpt-5.5");
    expect(findModel(agents, "gemini", [], env)).toBe("3-pro");
    expect(findModel(agents, "kimi", [], env)).toBe("k2.5");
    write("other/config.toml", 'model = "o3"\n');
    expect(findModel(agents, "codex", [], { ...env, CODEX_HOME: join(home, "other") })).toBe("o3");
  });

  test.each([
    "",
    "{",
    "[]",
    "null",
    '{"model":7}',
    '{"model":{"name":""}}',
    '{"model":{"name":"a\\u001bb"}}',
  ])("is unknown where the file says %j", (content) => {
    write(".gemini/settings.json", content);
    expect(findModel(agents, "gemini", [], env)).toBeNull();
  });

  test("is unknown without a home or a vendor", () => {
    expect(findModel(agents, "codex", [], {})).toBeNull();
    expect(findModel(agents, null, [], env)).toBeNull();
    expect(findModel(agents, "constructor", [], env)).toBeNull();
  });

  test.each([
    ["claude-opus-4-6", "opus-4.6"],
    ["claude-sonnet-4-5-20250929", "sonnet-4.5"],
    ["claude-opus-4-20250514", "opus-4"],
    ["claude-sonnet-4-5[1m]", "sonnet-4.5[1m]"],
    ["gemini-2.5-pro", "2.5-pro"],
    ["kimi-k2.5", "k2.5"],
    ["o3", "o3"],
    ["gpt-5.5", "gpt-5.5"],
    ["opus", "opus"],
    ["claude-3-5-sonnet-20241022", "claude-3-5-sonnet-20241022"],
  ])("%s is shown as %s", (full, label) => {
    expect(shortLabel(agents, full)).toBe(label);
  });
});
