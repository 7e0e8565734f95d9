/**
 * A process that poses as an agent: `actor.ts` starts it by that agent's name. It listens on the Unix socket named in
 * AGENT_SOCKET, runs what it is told to as its own child, and ends with the process AGENT_OWNER.
 */
import { writeFileSync } from "node:fs";

export interface Order {
  /** The program is looked up on the PATH of `env`. */
  command: string[];
  cwd: string;
  env: Record<string, string>;
  /** Text for stdin; null: the null device. */
  input: string | null;
  /** Lines for stdin instead: after one that has an id, the next is written once an answer has come. */
  dialogue: string[] | null;
  /** Columns of a terminal that all its streams are; null: pipes. */
  columns: number | null;
  /** It goes on until it is stopped, which it is half a second after it has first said something. */
  endless: boolean;
  /** After so long it is killed, and its exit code is 124. */
  seconds: number;
}

export interface Outcome {
  stdout: string;
  stderr: string;
  exitCode: number;
}

async function obey(order: Order): Promise<Outcome> {
  const { command, cwd, env, columns } = order;
  const decoder = new TextDecoder();
  let screen = "";
  const child = Bun.spawn(command, {
    cwd,
    env,
    // A group of its own, so that what it starts is killed with it.
    detached: true,
    ...(columns === null
      ? {
          stdin: order.dialogue
            ? "pipe"
            : order.input === null
              ? "ignore"
              : Buffer.from(order.input),
          stdout: "pipe",
          stderr: "pipe",
        }
      : {
          terminal: {
            cols: columns,
            rows: 40,
            data: (_, data) => void (screen += decoder.decode(data, { stream: true })),
          },
        }),
  });
  // Typed, as it were.
  if (columns !== null && order.input !== null) child.terminal?.write(order.input);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    for (const target of [-child.pid, child.pid]) signal(target, "SIGKILL");
  }, order.seconds * 1000);
  const [stdout, stderr] =
    columns === null
      ? await Promise.all([
          order.dialogue
            ? talk(child, order.dialogue)
            : textOf(child.stdout, () => {
                if (order.endless) setTimeout(() => signal(child.pid, "SIGTERM"), 500);
              }),
          textOf(child.stderr),
        ])
      : ["", ""];
  const exitCode = await child.exited;
  clearTimeout(timer);
  // The last of a terminal's output may come after the end of what wrote it.
  if (columns !== null) await Bun.sleep(30);
  return { stdout: stdout + screen, stderr, exitCode: late ? 124 : exitCode };
}

async function textOf(stream: unknown, onFirst: () => void = () => {}): Promise<string> {
  let text = "";
  if (!(stream instanceof ReadableStream)) return text;
  const decoder = new TextDecoder();
  for await (const chunk of stream as ReadableStream<Uint8Array>) {
    if (text === "") onFirst();
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

/** Writes line by line, and returns everything that was answered. */
async function talk(child: Bun.Subprocess, lines: readonly string[]): Promise<string> {
  const { stdin, stdout } = child;
  if (typeof stdin !== "object" || !(stdout instanceof ReadableStream)) return "";
  let said = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stdout) said += decoder.decode(chunk, { stream: true });
  })();
  for (const line of lines) {
    const answers = said.split("\n").length;
    stdin.write(`${line}\n`);
    await stdin.flush();
    const deadline = performance.now() + 3000;
    while (line.includes('"id"') && said.split("\n").length === answers) {
      if (performance.now() > deadline || child.exitCode !== null) break;
      await Bun.sleep(2);
    }
  }
  await stdin.end();
  await reading;
  return said;
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
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
  // The process that started it may be killed before it can say goodbye.
  setInterval(() => {
    if (!signal(Number(owner), 0)) process.exit();
  }, 500);
}
