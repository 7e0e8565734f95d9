/** The user's consent to Codex's hooks, as the dialog of its terminal writes it. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";

import type { Body } from "../model/model";
import type { Sandbox } from "../sandbox";

/** Asks Codex itself which hooks there are and what it would record for each. */
export async function trustHooks(sandbox: Sandbox): Promise<void> {
  const requests = [
    { id: 1, method: "initialize", params: { clientInfo: { name: "user", version: "1" } } },
    { method: "initialized" },
    { id: 2, method: "hooks/list", params: { cwds: [sandbox.work] } },
  ];
  const server = Bun.spawn([join(sandbox.bin, "codex"), "app-server"], {
    cwd: sandbox.work,
    env: sandbox.env(),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  for (const request of requests) server.stdin.write(`${JSON.stringify(request)}\n`);
  await server.stdin.flush();
  const answer = await firstAnswer(server.stdout, 2);
  server.kill();
  await server.exited;
  const lines = answer.result.data
    .flatMap(({ hooks }: Body) => hooks)
    .map(
      ({ key, currentHash }: Body) =>
        `\n[hooks.state.${JSON.stringify(key)}]\ntrusted_hash = ${JSON.stringify(currentHash)}\n`,
    );
  appendFileSync(join(sandbox.home, ".codex/config.toml"), lines.join(""));
}

async function firstAnswer(output: ReadableStream<Uint8Array>, id: number): Promise<Body> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const part of output) {
    text += decoder.decode(part, { stream: true });
    const lines = text.split("\n");
    text = lines.pop()!;
    const found = lines.map((line) => JSON.parse(line)).find((each) => each.id === id);
    if (found) return found;
  }
  throw new Error("Codex's app-server ended without an answer");
}
