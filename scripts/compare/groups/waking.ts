/** Waking idle sessions by the ways of their vendors, with fakes of these. */
import { mkdirSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";

import { type Group } from "../group";
import { payload, turns } from "../payloads";
import { play } from "../script";
import type { Stage } from "../stage";

/** A session whose first turn is over. */
async function idle(
  stage: Stage,
  vendor: string,
  more: Record<string, unknown> = {},
): Promise<void> {
  if (!stage.actors.has(vendor)) await stage.start(vendor);
  const { start, prompt, stop } = turns[vendor]!;
  for (const event of [start, prompt, stop])
    await stage.run(vendor, `${vendor}'s ${event}`, {
      program: ["parley", "hook", vendor],
      input: payload(vendor, event, stage.work, { prompt: "good morning", ...more }),
    });
}

/** A socket that answers each line; what it was told is an entry of its own. */
async function listen(path: string, answer: string): Promise<{ server: Server; heard(): string }> {
  let text = "";
  const server = createServer((connection) => {
    connection.on("data", (data) => {
      text += data;
      if (text.endsWith("\n") && answer !== "") connection.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { server, heard: () => text };
}

async function rung(stage: Stage, vendor: string, heard: () => string): Promise<void> {
  await play(
    stage,
    `other* message {${vendor}} "the build is red" --priority 3
     desk* status --no-log
     other* message {${vendor}} "not urgent" --wake
     other* message --sent --status`,
  );
  for (const policy of ["all", "never", "critical"]) {
    await play(stage, `desk setup --wake ${policy}`);
    await idle(stage, vendor);
    await play(stage, `other* message {${vendor}} "by policy" --wake --priority 2`);
  }
  stage.entries.push({
    label: `what was told to ${vendor}`,
    parts: { lines: stage.normaliser.text(heard()) },
  });
}

const group = (vendor: string, ring: (stage: Stage) => Promise<void>): Group => ({
  name: `waking-${vendor}`,
  async play(stage) {
    await play(stage, "other register --llm other --pid {other.pid}");
    await ring(stage);
  },
});

const claude = group("claude", async (stage) => {
  await idle(stage, "claude");
  const { pid } = stage.actors.get("claude")!;
  const socket = join(stage.root, "claude.sock");
  const { server, heard } = await listen(socket, "");
  const file = { pid, sessionId: "4301b1c2-7f4e-4c0a-9a51-0d8f6c1e2a3b", status: "idle" };
  const named = JSON.stringify({ ...file, messagingSocketPath: socket });
  stage.write(`home/.claude/sessions/${pid}.json`, named);
  await rung(stage, "claude", heard);
  stage.write("home/.claude/settings.json", '{"crossSessionInbound":"refuse"}');
  await play(stage, 'other* message {claude} "refused" --priority 3');
  server.close();
});

const codex = group("codex", async (stage) => {
  stage.programs("codex");
  await idle(stage, "codex");
  await rung(stage, "codex", () => "");
  stage.write("bin/codex", "#!/bin/sh\necho no >&2\nexit 3\n", 0o755);
  await idle(stage, "codex");
  await play(stage, 'other* message {codex} "fails" --priority 3');
});

const opencode = group("opencode", async (stage) => {
  const agent_home = join(stage.root, "plugin");
  mkdirSync(agent_home);
  const { server, heard } = await listen(join(agent_home, "wake.sock"), "{}\n");
  await idle(stage, "opencode", { agent_home });
  await rung(stage, "opencode", heard);
  server.close();
  await idle(stage, "opencode", { agent_home });
  await play(stage, 'other* message {opencode} "nobody listens" --priority 3');
});

export const waking: readonly Group[] = [claude, codex, opencode];
