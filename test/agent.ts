/**
 * A process that poses as an agent: `support.ts` starts it by that agent's name. It listens on the Unix socket named in
 * AGENT_SOCKET and runs what it is told to as its own child.
 */
export interface Order {
  args: string[];
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

const { AGENT_SOCKET: unix, AGENT_OWNER: owner } = process.env;

if (import.meta.main && unix && owner) {
  Bun.serve({
    unix,
    fetch: async (request) => Response.json(await obey((await request.json()) as Order)),
  });
  // Whoever started it may be killed before it can say goodbye.
  setInterval(() => {
    try {
      process.kill(Number(owner), 0);
    } catch {
      process.exit();
    }
  }, 500);
}

async function obey({ args, cwd, env, input }: Order): Promise<Outcome> {
  const child = Bun.spawn(args, {
    cwd,
    env,
    stdin: input === null ? "ignore" : Buffer.from(input, "base64"),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { stdout, stderr, exitCode: await child.exited };
}
