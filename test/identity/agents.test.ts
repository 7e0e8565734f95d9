/** Which programs are agents, and which only run another. */
import { expect, test } from "bun:test";

import { agents } from "../../src/agents/agents";
import { knownAgent } from "../../src/identity/known-agents";
import { argumentsOf, type Program } from "../../src/identity/program-name";
import { isInit, isWrapper } from "../../src/identity/wrappers";

/** A command line as /proc shows it; the kernel's name is that of the program unless given. */
const program = (line: string, comm = line.split(" ")[0]!.split("/").at(-1)!): Program => ({
  comm: comm.slice(0, 15),
  argv: line.split(" "),
});

const examples: [line: string, vendor: string, comm?: string][] = [
  ["claude --resume", "claude"],
  ["/home/u/.local/share/claude/versions/2.1.329 -p", "claude", "2.1.329"],
  ["node /usr/lib/node_modules/@anthropic-ai/claude-code/cli.js", "claude", "MainThread"],
  ["node /x/node_modules/.pnpm/@openai+codex@1/node_modules/@openai/codex/bin/codex.js", "codex"],
  ["node /x/node_modules/.bin/codex exec", "codex"],
  ["/x/node_modules/@openai/codex-linux-x64/vendor/codex/codex exec", "codex"],
  ["node --max-old-space-size=4096 -r ./hook.js /usr/local/bin/gemini", "gemini"],
  ["bun run /usr/lib/node_modules/@google/gemini-cli/bundle/gemini.js", "gemini"],
  ["deno run -A /usr/bin/gemini", "gemini"],
  ["kimi-code", "kimi"],
  ["/usr/bin/python3.12 /home/u/.local/bin/kimi", "kimi"],
  ["python3 -m kimi_cli -m k2", "kimi"],
  ["node /usr/lib/node_modules/opencode-ai/bin/opencode", "opencode"],
  ["/bin/sh /home/u/bin/claude", "claude", "claude"],
  ["/usr/bin/python3 /home/u/.local/bin/aider --model x", "aider"],
  ["cursor-agent", "cursor"],
];

test.each(examples.map(([line, vendor, comm]) => ({ line, vendor, comm })))(
  "$line is an agent: $vendor",
  ({ line, vendor, comm }) => {
    // OpenCode alone keeps several conversations in the process that its user starts.
    const shared_host = vendor === "opencode";
    expect(knownAgent(agents, program(line, comm))).toMatchObject({ vendor, shared_host });
  },
);

test.each([
  "vim claude",
  "node /home/u/claude/index.js",
  "node /home/u/codex/node_modules/left-pad/index.js",
  "node /x/node_modules/@anthropic-ai/claude-code/node_modules/server/index.js",
  "python3 gemini.py",
  "node -e claude",
  "bash -c claude",
  "npm exec @openai/codex",
  "/x/claude/run",
  "tail -f /var/log/codex",
  "constructor",
])("%s is no agent", (line) => {
  expect(knownAgent(agents, program(line))).toBeNull();
});

test("a process without arguments or with a strange name is no agent", () => {
  for (const comm of ["(sd-pam)", "a\nb", "", "kworker/0:1"]) {
    expect(knownAgent(agents, { comm, argv: [] })).toBeNull();
    expect(isWrapper(agents, { comm, argv: [] })).toBeFalse();
  }
});

test("only Codex's app server hosts several sessions", () => {
  expect(knownAgent(agents, program("codex app-server --listen unix://"))?.shared_host).toBeTrue();
  expect(knownAgent(agents, program("claude app-server"))?.shared_host).toBeFalse();
});

test("the sandbox helper under Codex's own kernel name is a wrapper", () => {
  const helper = program("codex-linux-sandbox --sandbox-policy x", "codex");
  expect(knownAgent(agents, helper)).toBeNull();
  expect(isWrapper(agents, helper)).toBeTrue();
});

test.each([
  "sh -c ls",
  "/bin/bash -lc ls",
  "bash --norc -eo pipefail -c ls",
  "bash --rcfile x -c ls",
  "fish --command=ls",
  "busybox sh -c ls",
  "env -i x",
  "timeout 5 x",
  "xargs -n1 x",
  "sudo -u u x",
  "make all",
  "npm run test",
  "node /usr/lib/node_modules/npm/bin/npx-cli.js x",
  "bun x tool",
  "bun run test",
])("%s is a wrapper", (line) => {
  expect(isWrapper(agents, program(line))).toBeTrue();
});

test.each([
  "bash",
  "-zsh",
  "bash work.sh -c x",
  "sh -e ./work.sh",
  "bash -s -- -c x",
  "bash --rcfile /x/rc.sh",
  "/bin/sh ./deploy",
  "bun run ./server.ts",
  "bun server.ts",
  "python3 agent.py",
  "python3 -c code",
  "my-agent",
])("%s is none", (line) => {
  expect(isWrapper(agents, program(line))).toBeFalse();
});

test("process 1 and a user's systemd are init", () => {
  expect(isInit(1, program("claude"))).toBeTrue();
  expect(isInit(812, program("/lib/systemd/systemd --user"))).toBeTrue();
  expect(isInit(812, program("bash"))).toBeFalse();
});

test("an interpreter's options are not its script's", () => {
  expect(argumentsOf(program("python3 -m kimi_cli --yes"))).toEqual(["--yes"]);
  expect(argumentsOf(program("node --x /usr/bin/gemini -m pro"))).toEqual(["-m", "pro"]);
  expect(argumentsOf(program("claude --model opus"))).toEqual(["--model", "opus"]);
});
