/** Runs an agent's program for a limited time and reads an answer from its output. */
import { withTimeLimit } from "../bus/clock";
import type { Env } from "./vendor";

/** Characters of output, far more than any answer has: a program that writes more and more is not answering. */
const maxAnswerBytes = 4 * 1024 * 1024;

export interface AgentRun {
  env: Env;
  cwd: string;
  /** For its stdin, which stays open until the answer is found. */
  input?: string;
  /** Time limit. */
  milliseconds: number;
}

/**
 * Runs a program until `findAnswer` finds an answer in its stdout (all of it so far, and whether it has ended), then ends
 * the program and all that it started. Null where there is no answer in time or it cannot be run; never throws.
 */
export async function runAgent<T>(
  command: string[],
  { env, cwd, input, milliseconds }: AgentRun,
  findAnswer: (output: string, ended: boolean) => T | null,
): Promise<T | null> {
  let child: Bun.Subprocess<"pipe", "pipe", "ignore">;
  try {
    // A process group of its own can be ended as a whole.
    child = Bun.spawn(command, {
      env,
      cwd,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
      detached: true,
    });
  } catch {
    return null;
  }
  try {
    return await withTimeLimit(milliseconds, read(child, input, findAnswer));
  } catch {
    return null;
  } finally {
    await end(child);
  }
}

async function read<T>(
  child: Bun.Subprocess<"pipe", "pipe", "ignore">,
  input: string | undefined,
  findAnswer: (output: string, ended: boolean) => T | null,
): Promise<T | null> {
  if (input === undefined) await child.stdin.end();
  else {
    await child.stdin.write(input);
    await child.stdin.flush();
  }
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    if (output.length > maxAnswerBytes) return null;
    const found = findAnswer(output, false);
    if (found !== null) return found;
  }
  return findAnswer(output, true);
}

/** The program may end by itself once its stdin is closed; after half a second it is killed. */
async function end(child: Bun.Subprocess<"pipe", "pipe", "ignore">): Promise<void> {
  try {
    await child.stdin.end();
  } catch {
    // The program has closed its stdin already.
  }
  await withTimeLimit(500, child.exited);
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The whole group has ended.
  }
  child.unref();
}
