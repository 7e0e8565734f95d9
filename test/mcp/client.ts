/** The SDK's client, connected to `parley mcp` below a fake agent. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

import type { Agent, Run, RunOptions, Sandbox } from "../support";

export interface Answer {
  text: string;
  isError: boolean;
  // oxlint-disable-next-line typescript/no-explicit-any -- stories assert on parts of it
  data: any;
}

export interface Connection {
  client: Client;
  /** Calls a tool; `meta` is what the vendor adds to the call. */
  call(
    name: string,
    args?: Record<string, unknown>,
    meta?: Record<string, unknown>,
  ): Promise<Answer>;
  /** Resolves with the exit of the server. */
  ended: Promise<Run>;
  /** Closes the server's input and waits for its end. */
  close(): Promise<Run>;
}

export interface Options extends RunOptions {
  args?: string[];
}

/** Two named pipes for the server's input and output. */
export function pipes(s: Sandbox): { input: string; output: string } {
  const directory = mkdtempSync(join(s.dir, "../pipes-"));
  const [input, output] = [join(directory, "in"), join(directory, "out")];
  Bun.spawnSync(["mkfifo", input, output]);
  return { input, output };
}

export async function connect(
  s: Sandbox,
  agent: Agent,
  options: Options = {},
): Promise<Connection> {
  const { input, output } = pipes(s);
  const { args = [], ...run } = options;
  const ended = agent.run(
    [
      "sh",
      "-c",
      'in=$1; out=$2; shift 2; exec parley mcp "$@" <"$in" >"$out"',
      "sh",
      input,
      output,
      ...args,
    ],
    run,
  );
  // A story that fails kills the agent without waiting for its server.
  ended.catch(() => {});
  const client = new Client({ name: "story", version: "1" });
  // The shell's streams are the client's ends of both pipes.
  await client.connect(
    new StdioClientTransport({
      command: "sh",
      args: ["-c", 'cat "$2" & exec cat >"$1"', "sh", input, output],
      stderr: "ignore",
    }),
  );
  return {
    client,
    ended,
    async call(name, given = {}, meta) {
      const result = await client.callTool({
        name,
        arguments: given,
        ...(meta && { _meta: meta }),
      });
      const [content] = result.content as { type: string; text: string }[];
      return {
        text: content?.text ?? "",
        isError: result.isError === true,
        data: result.structuredContent,
      };
    },
    async close() {
      await client.close();
      return ended;
    },
  };
}

export const codexTurn = (session_id: string) => ({
  "x-codex-turn-metadata": { session_id, turn_id: "turn-1" },
});
