/**
 * A stand-in for an agent, which `support.ts` starts by the agent's name. It listens on the Unix socket named in
 * AGENT_SOCKET, runs the requested commands as its children, and ends with the process AGENT_OWNER.
 */
import { writeFileSync } from "node:fs";

export interface CommandRequest {
  /** The program is looked up on the PATH of `env`. */
  command: string[];
  cwd: string;
  env: Record<string, string>;
  /** Bytes for stdin, in base64; null: the null device. */
  input: string | null;
}

export interface Outcome {
  stdout: string;
  stderr: string;
  /** As a shell reports it: 128 + n where signal n ended the process. */
  exitCode: number;
}

const { AGENT_SOCKET: unix, AGENT_OWNER: owner, AGENT_CWD: directory } = process.env;

if (import.meta.main && unix && owner && directory) {
  // It starts elsewhere, since Bun would read the bunfig.toml and .env of this directory, which are the story's.
  process.chdir(directory);
  Bun.serve({
    unix,
    fetch: async (request) =>
      Response.json(await runCommand((await request.json()) as CommandRequest)),
  });
  // The socket is there before it is listened to.
  writeFileSync(`${unix}.ready`, "");
  // The test that started this process may be killed before it can end it.
  setInterval(() => {
    try {
      process.kill(Number(owner), 0);
    } catch {
      process.exit();
    }
  }, 500);
}

async function runCommand({ command, cwd, env, input }: CommandRequest): Promise<Outcome> {
  const child = Bun.spawn(command, {
    cwd,
    env,
    stdin: input === null ? "ignore" : Buffer.from(input, "base64"),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { stdout, stderr, exitCode: await child.exited };
}
