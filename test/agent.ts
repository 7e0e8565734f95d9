/**
 * A process that poses as an agent: `support.ts` starts it by that agent's name. It listens on the Unix socket named in
 * AGENT_SOCKET, runs what it is told to as its own child, and ends with the process AGENT_OWNER.
 */
import { writeFileSync } from "node:fs";

export interface Order {
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
  /** As a shell would tell it: 128 and the signal's number where a signal ended it. */
  exitCode: number;
}

const { AGENT_SOCKET: unix, AGENT_OWNER: owner, AGENT_CWD: place } = process.env;

if (import.meta.main && unix && owner && place) {
  // Not where it starts: Bun would read that directory's bunfig.toml and .env, which are the story's.
  process.chdir(place);
  Bun.serve({
    unix,
    fetch: async (request) => Response.json(await obey((await request.json()) as Order)),
  });
  // The socket is there before it is listened to.
  writeFileSync(`${unix}.ready`, "");
  // Whoever started it may be killed before it can say goodbye.
  setInterval(() => {
    try {
      process.kill(Number(owner), 0);
    } catch {
      process.exit();
    }
  }, 500);
}

async function obey({ command, cwd, env, input }: Order): Promise<Outcome> {
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
